"""`explain` leads from every finding of the example site to lines that stand in its logs."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from wardwatch.cli import main
from wardwatch.heard.claims import LINE_BYTES
from wardwatch.risk.explained import explained, explained_json
from wardwatch.store import Store
from wardwatch_enrichment.risk.policy import Policy

ROOT = Path(__file__).parents[1]
LOGS = ROOT / "examples" / "hospital"
ADVISORIES = ROOT / "examples" / "advisories"
FACTS = ROOT / "examples" / "site.yaml"
Run = Callable[..., str]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example site in a database, with its plan and its advisories."""
    file = tmp_path_factory.mktemp("site") / "w.db"
    own = ("--db", str(file))
    assert main(["ingest", *own, "--site", "hospital", str(LOGS)]) == 0
    assert main(["facts", "import", *own, "--site", "hospital", str(FACTS)]) == 0
    assert main(["feeds", "import", *own, str(ADVISORIES)]) == 0
    return file


@pytest.fixture(scope="module")
def everything(database: Path) -> list[dict[str, Any]]:
    """Return every finding explained, also those that are settled, on the day after the logs."""
    with Store(database, read_only=True) as store:
        latest = max(device.last_seen for device in store.devices())
        found = explained(store, "", ["hospital"], latest + 3600, Policy())
        return [json.loads(json.dumps(explained_json(one))) for one in found]


@pytest.fixture(scope="module")
def lines() -> dict[str, set[str]]:
    """Return what stands in the logs, by their names: of each line as much as is kept."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in LOGS.rglob("*.log"):
        for line in path.read_bytes().split(b"\n"):
            found[path.stem].add(line[:LINE_BYTES].decode(errors="backslashreplace"))
    return found


@pytest.fixture(scope="module")
def alerts() -> set[tuple[float, str, str]]:
    """Return the alerts in the example's eve.json: when, what, and at which host."""
    found = set()
    for path in LOGS.rglob("eve.json"):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if row["event_type"] == "alert":
                time = datetime.fromisoformat(row["timestamp"]).timestamp()
                found.add((round(time, 3), row["alert"]["signature"], row["dest_ip"]))
    return found


def quoted(one: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all that a finding rests on and that was seen, or that somebody told."""
    grounds = [ground for answer in one["predicates"] for ground in answer["evidence"]]
    return [*(ground for ground in grounds if ground["log"]), *one["identity"], *one["callers"]]


def told(proof: dict[str, Any]) -> bool:
    """Tell whether a fact stands in the site's file, in the row that is named, and says so."""
    places = (proof["line"], proof.get("rule", ""), proof.get("signed_by", ""))
    found = next(filter(None, (re.fullmatch(rf"{FACTS.name}:(\d+)", text) for text in places)))
    lists = yaml.safe_load(FACTS.read_text()).values()
    rows = [rows[int(found[1]) - 1] for rows in lists if len(rows) >= int(found[1])]
    said = f"{proof['line']} {proof.get('sentence', '')} {proof.get('signed_by', '')}"
    keys = ("serial_number", "mac", "date", "by")
    known = [[str(row[key]) for key in keys if key in row] for row in rows]
    return any(values and all(value in said for value in values[-2:]) for values in known)


def stands(proof: dict[str, Any], lines: dict[str, set[str]]) -> bool:
    """Tell whether a quoted line is in its log, byte for byte."""
    return proof["line"] in lines[proof["log"]]


def test_every_finding_is_there(everything: list[dict[str, Any]]) -> None:
    """Those that are open, and those that are settled; each with steps that end in its label."""
    assert {one["affected"] for one in everything} >= {"confirmed", "possible", "not_affected"}
    assert len({one["id"] for one in everything}) == len(everything) > 20
    for one in everything:
        told = {step["step"]: step["value"] for step in one["steps"]}
        assert told["label"] == one["label"]
        if one["score"] is not None:
            assert float(told["score"]) == pytest.approx(one["score"], abs=0.06)


def test_every_line_stands_in_a_log(
    everything: list[dict[str, Any]], lines: dict[str, set[str]], alerts: set[Any]
) -> None:
    """What was seen leads to its line; an alarm, whose line may hold payload, to time and text."""
    followed = 0
    for one in everything:
        proofs = quoted(one)
        assert proofs, f"{one['vulnerability']} rests on nothing that was seen"
        for proof in proofs:
            if proof["log"] == "eve_alert":
                time = round(datetime.fromisoformat(proof["time"]).timestamp(), 3)
                said = [signature for at, signature, _ in alerts if at == time]
                assert any(text in proof["sentence"] for text in said), proof
            elif proof["log"] == "site facts":
                assert told(proof), proof
            else:
                assert stands(proof, lines), proof
            followed += 1
    assert followed > len(everything)


def test_the_zone_leads_to_who_called(everything: list[dict[str, Any]]) -> None:
    """Where it is told that somebody reached the device, his row is quoted."""
    told = [one for one in everything if "it was reached from" in one["risk"]["zone_reason"]]
    assert told
    for one in told:
        peer = one["risk"]["zone_reason"].rpartition("(")[2].rstrip(")")
        assert [peer in row["line"] for row in one["callers"]] == [True]


def test_a_line_that_was_altered_is_noticed(
    everything: list[dict[str, Any]], lines: dict[str, set[str]]
) -> None:
    """One character of one line in the log is enough."""
    proof = next(p for one in everything for p in quoted(one) if p["line"])
    at = len(proof["line"]) // 2
    altered = proof["line"][:at] + "~" + proof["line"][at + 1 :]
    kept = lines[proof["log"]] - {proof["line"]} | {altered}
    assert stands(proof, lines)
    assert not stands(proof, {**lines, proof["log"]: kept})


def test_every_advisory_is_the_document_that_was_imported(
    everything: list[dict[str, Any]], database: Path
) -> None:
    """By its checksum, and it names the vulnerability."""
    texts = [path.read_text() for path in ADVISORIES.glob("example-*.json")]
    bodies = {json.loads(text)["document"]["tracking"]["id"]: text for text in texts}
    with Store(database, read_only=True) as store:
        kept = {document.id: document.sha256 for document in store.documents()}
    for one in everything:
        named = {match["advisory"] for match in one["matches"]}
        assert {document["id"] for document in one["advisories"]} == named
        for document in one["advisories"]:
            assert document["sha256"] == kept[document["id"]]
            assert one["vulnerability"] in bodies[document["id"]]


def test_what_is_not_known_says_what_would_tell(everything: list[dict[str, Any]]) -> None:
    """And names the versions of all data."""
    unknown = [one for one in everything if any(p["state"] == "unknown" for p in one["predicates"])]
    assert unknown
    assert all(one["would_change"] for one in unknown)
    for one in everything:
        assert one["data_versions"]["feeds"]
        assert one["data_versions"]["knowledge"]


@pytest.fixture
def run(database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that explains, and returns what is said."""
    monkeypatch.chdir(database.parent)

    def running(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(["explain", "--db", str(database), *arguments]) == code
        said = capsys.readouterr()
        return said.out + said.err

    return running


def test_the_command_tells_all_of_it(run: Run, everything: list[dict[str, Any]]) -> None:
    """By the id, or how it begins; on a terminal and as JSON."""
    seen = next(one for one in everything if any(p["state"] == "true" for p in one["predicates"]))
    said = run(seen["id"])
    assert seen["reason"] in said
    assert all(step["value"] in said for step in seen["steps"])
    assert all(p["line"] in said for p in quoted(seen))
    told = json.loads(run(seen["id"][:12], "--json"))
    assert {key: told[key] for key in ("id", "predicates", "identity")} == {
        key: seen[key] for key in ("id", "predicates", "identity")
    }


def test_a_settled_finding_is_explained(run: Run, everything: list[dict[str, Any]]) -> None:
    """With what was searched and found, and the lines that the version is from."""
    settled = next(one for one in everything if one["affected"] == "not_affected")
    said = run(settled["id"])
    match = settled["matches"][0]
    assert match["reason"] in said
    assert match["searched_by"]["versions"] in said
    assert all(p["line"] in said for p in settled["identity"])
    assert settled["advisories"][0]["sha256"] in said


def test_wrong_ids_are_refused(run: Run, everything: list[dict[str, Any]]) -> None:
    """With what to do about it."""
    assert "is no id of a finding; `wardwatch findings" in run("CVE-2020-12045", code=1)
    device = everything[0]["device"]["id"]
    assert "those of devices are others" in run(device, code=1)
    assert "is no id" in run("\x1b[31m", code=1)
    assert "no finding has this id now" in run("0" * 16, code=1)
    first = {one["id"][0] for one in everything}
    shared = next(c for c in first if sum(one["id"][0] == c for one in everything) > 1)
    assert "ids begin so" in run(shared, code=1)
