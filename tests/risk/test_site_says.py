"""What a site says of its devices and of the model, from its files to the figures of a finding."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asset_rows import CT

from wardwatch.cli import main
from wardwatch.store import Store
from wardwatch_enrichment.model import Classification

OWN = Path(__file__).parents[1] / "matching" / "advisories" / "icsa-15-125-01b.json"
PUMPS = ("10.30.1.15", "10.30.1.16")
TELNET = "CVE-2015-3459"
NOW = time.time()
REGISTER = "ip,manufacturer,model,software version,type,ward\n" + "".join(
    f"{ip},Hospira,LifeCare PCA Infusion System,4.1,{kind},{ward}\n"
    for ip, kind, ward in zip(PUMPS, ("PCA pump", "infusion pump"), ("ICU", "ER"), strict=True)
)
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns what it says, at a site of two pumps."""
    monkeypatch.chdir(tmp_path)

    def running(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    seen = [
        {"ts": NOW - day * 43_200, "uid": "C1", "id.orig_h": ip, "id.resp_h": "224.0.0.251",
         "orig_l2_addr": f"02:20:00:00:08:{ip[-2:]}"}
        for day in range(20) for ip in PUMPS
    ]  # fmt: skip
    telnet = [
        {"ts": NOW, "first": NOW - 3600, "last": NOW, "host": ip, "kind": "service", "proto": "tcp",
         "port": 23, "state": "accepted", "count": 3, "clients": 1, "peers": ["10.20.4.7"]}
        for ip in PUMPS
    ]  # fmt: skip
    (tmp_path / "conn.log").write_text("\n".join(map(json.dumps, seen)) + "\n")
    (tmp_path / "iomt_exposure.log").write_text("\n".join(map(json.dumps, telnet)) + "\n")
    (tmp_path / "register.csv").write_text(REGISTER)
    running("ingest", "conn.log", "iomt_exposure.log")
    running("facts", "import", "register.csv")
    running("feeds", "import", str(OWN))
    return running


def found(run: Run, ip: str = PUMPS[0]) -> dict[str, Any]:
    """Return the finding of a pump."""
    every = [json.loads(line) for line in run("findings", "--json").splitlines()]
    (one,) = (f for f in every if f["vulnerability"] == TELNET and ip in f["device"]["ips"])
    return dict(one)


def test_a_file_of_the_site_weighs_a_device(run: Run) -> None:
    """The unit's own row before that of its kind; the source is its place in the file."""
    before = found(run)
    assert before["risk"]["factors"]["source"].startswith("as a PCA pump")
    Path("own.yaml").write_text(
        "criticality:\n"
        "  - {type: infusion pump, safety: 5, by: Dr. Lee}\n"
        f"  - {{ip: {PUMPS[0]}, safety: 2, life_sustaining: no}}\n"
    )
    run("facts", "import", "own.yaml")
    after, other = found(run)["risk"]["factors"], found(run, PUMPS[1])["risk"]["factors"]
    assert (after["safety"], after["life"]) == (2, False)
    assert "; safety 2 by own.yaml:2; " in after["source"]
    assert after["source"].endswith("; not life-sustaining by own.yaml:2")
    assert (other["safety"], other["life"]) == (5, True)
    assert "safety 5 by Dr. Lee (own.yaml:1)" in other["source"]
    assert found(run)["axes"]["safety"] < before["axes"]["safety"]


def test_the_only_one_of_its_kind(run: Run) -> None:
    """One PCA pump by the register and on the wire; of infusion pumps it is one of two."""
    one, other = found(run)["risk"]["factors"], found(run, PUMPS[1])["risk"]["factors"]
    assert "1 more: the only PCA pump in the equipment register" in one["source"]
    assert other["source"] == "as an infusion pump"
    assert one["effectiveness"] == other["effectiveness"] + 1
    Path("register.csv").write_text(REGISTER + "10.30.1.99,Hospira,X,1,PCA pump,ICU\n")
    run("facts", "import", "register.csv")
    assert found(run)["risk"]["factors"]["source"] == "as a PCA pump"


def test_a_register_that_lacks_what_is_seen(run: Run) -> None:
    """A scanner that it does not have: then it may lack another pump, too."""
    Path("iomt_asset.log").write_text(CT)
    run("ingest", "iomt_asset.log")
    assert found(run)["risk"]["factors"]["source"] == "as a PCA pump"
    Path("more.csv").write_text("ip,manufacturer,type\n10.0.0.1,GE,CT scanner\n")
    run("facts", "import", "more.csv")
    assert "1 more: the only PCA pump" in found(run)["risk"]["factors"]["source"]


def test_the_classification_of_the_fda_raises(run: Run) -> None:
    """Where its feed is there and its code of the kind says so; a fact wins over it."""
    Path("register.csv").write_text(REGISTER.replace("PCA pump", "electrocardiograph"))
    run("facts", "import", "register.csv")
    assert not found(run)["risk"]["factors"]["life"]
    with Store(Path("wardwatch.db")) as store:
        about = Classification(product_code="DPS", life_sustaining=True)
        store.put_records("classification", "fda", [("DPS", "", about)])
    told = found(run)["risk"]["factors"]
    assert told["life"]
    assert "life-sustaining by the FDA's classification (DPS)" in told["source"]


def test_an_answer_to_the_rubric_changes_a_score(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its vulnerability on its kind of device, by name and with the reason."""
    before = found(run)
    Path("risk.yaml").write_text(
        f"rubric: [{{vulnerability: {TELNET}, type: infusion pump, confidentiality: N, "
        "integrity: N, availability: L, by: Dr. Lee, reason: on paper}]"
    )
    monkeypatch.setenv("WARDWATCH_RISK_POLICY", "risk.yaml")
    after = found(run)
    assert after["score"] < before["score"]
    assert after["risk"]["rubric"] == {
        "confidentiality": "N", "integrity": "N", "availability": "L",
        "by": "Dr. Lee", "reason": "on paper",
    }  # fmt: skip


def test_groups_of_the_site(run: Run) -> None:
    """Every device counts, the worst group is first, and what is not known has no name."""
    Path("own.yaml").write_text("criticality: [{ward: ER, safety: 3}]\n")
    run("facts", "import", "own.yaml")
    rows = [
        json.loads(line) for line in run("risk", "groups", "--by", "ward", "--json").splitlines()
    ]
    assert [row["name"] for row in rows] == ["ICU", "ER"]
    icu = rows[0]
    assert (icu["site"], icu["by"], icu["devices"]) == ("default", "ward", 1)
    every = [json.loads(line) for line in run("findings", "--json").splitlines()]
    worst = [f for f in every if f["device"]["id"] == icu["worst"]["id"]]
    assert sum(icu["labels"].values()) == len(worst)
    assert icu["score"] == icu["worst"]["score"] >= max(f["score"] or 0 for f in worst)
    (whole,) = map(json.loads, run("risk", "groups", "--by", "site", "--json").splitlines())
    assert whole["devices"] == 2
    assert whole["score"] >= icu["score"]
    shown = run("risk", "groups", "--by", "ward")
    assert "2 devices in 2 groups" in shown
    (unknown,) = map(json.loads, run("risk", "groups", "--by", "vlan", "--json").splitlines())
    assert unknown["name"] is None
    assert "not known" in run("risk", "groups", "--by", "vlan")
    assert "no such site" in run("risk", "groups", "--site", "south", code=1)
