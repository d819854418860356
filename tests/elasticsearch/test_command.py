"""`elasticsearch setup` and `publish` as a user types them, of a pump and an advisory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.node import Node

from wardwatch.cli import main
from wardwatch.outputs.elasticsearch import DEFAULT_INDEX, FINDINGS_INDEX, Elasticsearch
from wardwatch.risk import recording
from wardwatch.store import Store
from wardwatch_enrichment.risk.policy import Policy

ADVISORY = Path(__file__).parents[1] / "matching" / "advisories" / "icsa-15-125-01b.json"
PUMP, CALLER, TELNET = "10.30.1.15", "10.20.4.7", "CVE-2015-3459"
BOTH = f"{DEFAULT_INDEX}_cli,{FINDINGS_INDEX}_cli"
Run = Callable[..., str]


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: Node,
    client: Elasticsearch,
) -> Iterator[Run]:
    """Return a function that runs a command, with indices of its own; it returns what was said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WARDWATCH_ELASTICSEARCH_URL", server.url)
    monkeypatch.setenv("WARDWATCH_ELASTICSEARCH_INDEX", f"{DEFAULT_INDEX}_cli")

    def running(*arguments: str, code: int = 0) -> str:
        done = main(arguments)
        said = capsys.readouterr()
        assert done == code, said
        return said.out + said.err

    yield running
    client.indices.delete(index=BOTH, ignore_unavailable=True)


def site(run: Run, version: str) -> None:
    """Take in a site with one pump that accepts Telnet, and what its register says of it."""
    now = time.time()
    seen = {"ts": now, "first": now - 60, "last": now, "count": 1, "host": PUMP}
    service = {"kind": "service", "proto": "tcp", "port": 23, "state": "accepted", "clients": 1}
    Path("iomt_exposure.log").write_text(json.dumps({**seen, **service, "peers": [CALLER]}) + "\n")
    conn = {"ts": now - 60, "uid": "C1", "id.orig_h": PUMP, "id.resp_h": CALLER}
    Path("conn.log").write_text(json.dumps(conn) + "\n")
    register(run, version)
    run("ingest", "conn.log", "iomt_exposure.log")
    run("feeds", "import", str(ADVISORY))


def register(run: Run, version: str) -> None:
    """Tell which software the pump runs, and in which ward it stands."""
    Path("register.csv").write_text(
        "ip,manufacturer,model,software version,ward\n"
        f"{PUMP},Hospira,LifeCare PCA Infusion System,{version},Ward 4\n"
    )
    run("facts", "import", "register.csv")


def record() -> None:
    """Keep what is found now, as a run does."""
    with Store(Path("wardwatch.db")) as store:
        recording.record(store, "default", time.time(), Policy())


def found(client: Elasticsearch, index: str, **query: Any) -> list[dict[str, Any]]:
    """Return the documents that a query finds."""
    hits = client.search(index=f"{index}_cli", size=100, query=query)["hits"]["hits"]
    return [hit["_source"] for hit in hits]


def test_findings_and_risk_reach_the_indices(run: Run, client: Elasticsearch) -> None:
    assert f"{DEFAULT_INDEX}_cli and {FINDINGS_INDEX}_cli are ready" in run(
        "elasticsearch", "setup"
    )
    site(run, "4.1")
    record()
    assert "wrote" in run("elasticsearch", "publish")
    shown = [json.loads(line) for line in run("findings", "--json").splitlines()]
    documents = {d["iomt"]["finding"]["id"]: d for d in found(client, FINDINGS_INDEX, match_all={})}
    assert documents.keys() == {one["id"] for one in shown}
    for one in shown:
        risk = documents[one["id"]]["iomt"]["risk"]
        assert (risk["label"], risk.get("score")) == (one["label"], one["score"])
        assert documents[one["id"]]["iomt"]["finding"]["reason"] == one["reason"]
    (telnet,) = found(client, FINDINGS_INDEX, term={"vulnerability.id": TELNET})
    assert telnet["iomt"]["place"]["ward"] == "Ward 4"
    assert telnet["iomt"]["finding"]["verdict"] == "exploitable"
    assert telnet["iomt"]["finding"]["advisories"] == ["ICSA-15-125-01B"]
    assert telnet["iomt"]["finding"]["ways"], "what can be done about it"
    assert telnet["iomt"]["data_versions"], "by which data"
    assert telnet["vulnerability"]["score"]["base"] > 0
    evidence = telnet["iomt"]["finding"]["evidence"][0]["evidence"][0]
    assert PUMP in evidence["line"]
    (device,) = found(client, DEFAULT_INDEX, term={"host.ip": PUMP})
    risk = device["iomt"]["risk"]
    assert risk["findings"] == len(shown) == sum(risk["labels"].values())
    assert risk["urgency"] == min(d["iomt"]["risk"]["urgency"] for d in documents.values())
    dates = [d["iomt"]["risk"]["due"] for d in documents.values() if "due" in d["iomt"]["risk"]]
    assert risk["due"] == min(dates)


def test_a_second_publish_writes_nothing_and_a_patch_closes(
    run: Run, client: Elasticsearch
) -> None:
    run("elasticsearch", "setup")
    site(run, "4.1")
    record()
    run("elasticsearch", "publish")
    before = found(client, FINDINGS_INDEX, match_all={})
    again = run("elasticsearch", "publish")
    assert again.count("wrote 0, ") == 2
    register(run, "7.0")
    record()
    said = run("elasticsearch", "publish")
    assert "closed" in said
    after = found(client, FINDINGS_INDEX, match_all={})
    assert len(after) == len(before), "nothing is deleted"
    (telnet,) = found(client, FINDINGS_INDEX, term={"vulnerability.id": TELNET})
    kept = telnet["iomt"]["finding"]
    assert kept["state"] == "closed"
    assert kept["closed_reason"]
    assert kept["closing_evidence"]
    assert "wrote 0, " in run("elasticsearch", "publish").splitlines()[0]


def test_what_was_decided_is_shown(run: Run, client: Elasticsearch) -> None:
    run("elasticsearch", "setup")
    site(run, "4.1")
    record()
    (one,) = [
        o
        for line in run("findings", "--json").splitlines()
        if (o := json.loads(line))["vulnerability"] == TELNET
    ]
    run("assign", one["id"], "--owner", "clinical engineering")
    run("elasticsearch", "publish")
    (telnet,) = found(client, FINDINGS_INDEX, term={"iomt.decision.owner": "clinical engineering"})
    assert telnet["vulnerability"]["id"] == TELNET
    assert telnet["iomt"]["decision"]["accepted"] is False
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86_400))
    run("accept", one["id"], "--until", until, "--who", "Dr. Weber", "--why", "own segment soon")
    run("elasticsearch", "publish")
    (telnet,) = found(client, FINDINGS_INDEX, term={"iomt.decision.accepted": True})
    assert telnet["vulnerability"]["id"] == TELNET
    assert telnet["iomt"]["decision"]["accepted_by"] == "Dr. Weber"
    assert telnet["iomt"]["decision"]["accepted_until"].startswith(until)
