"""A site with Suricata alone: a real Suricata's eve.json becomes the inventory."""

from __future__ import annotations

import gzip
import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from wardwatch.pipeline import Ingest, inventory
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment.content import fields
from wardwatch_enrichment.model import Device

ROOT = Path(__file__).parents[2]
TRACES = ROOT / "tests" / "traces"


def devices(database: Path, *paths: Path) -> list[Device]:
    """Return the inventory of some logs."""
    with Store(database) as store:
        run = Ingest(store, site="hospital", sensor="s1", scope=Scope())
        report = run.run(run.find(paths))
        assert not report.failed, report.problems
        assert report.bad_rows == 0
        found = inventory(store)
        said = {claim.first.field for claim in store.claims("hospital")}
        dump = "\n".join(store._db.iterdump())
    assert said <= set(fields())
    assert "CANARY" not in dump.upper()
    return found


@pytest.fixture
def gen_eve(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the script that runs Suricata; skips where there is none."""
    if shutil.which("suricata") is None:
        pytest.skip("Not run against a real Suricata: no `suricata` on PATH")
    monkeypatch.syspath_prepend(TRACES)
    return importlib.import_module("gen_eve")


def test_the_example_site_from_eve_json_alone(tmp_path: Path) -> None:
    """What rules see is what Zeek's scripts see; of these devices each is the same entry."""
    by_zeek = devices(tmp_path / "zeek.db", ROOT / "examples" / "hospital")
    by_suricata = devices(tmp_path / "suricata.db", ROOT / "examples" / "hospital-suricata")
    known = {
        (d.manufacturer, d.model, d.serial_number, d.id)
        for d in by_zeek
        if d.device_class == "medical" and d.serial_number
    }
    seen = {(d.manufacturer, d.model, d.serial_number, d.id) for d in by_suricata}
    assert len(known & seen) >= 12
    makers = {d.manufacturer for d in by_zeek if d.device_class == "medical" and d.ips}
    assert len(makers & {d.manufacturer for d in by_suricata}) >= 0.8 * len(makers)
    archive = next(d for d in by_suricata if "10.20.2.10" in d.ips)
    assert (archive.manufacturer, archive.serial_number) == (None, None)


@pytest.mark.parametrize("name", ["evidence.pcap", "hl7.pcap", "exposure/link.pcap"])
def test_a_real_suricata_s_records(gen_eve: Any, name: str, tmp_path: Path) -> None:
    """They are read without a bad line, and what patients are known by stays out of the store."""
    lines = list(gen_eve.records(TRACES / name, gen_eve.RULES))
    assert "CANARY" in b"".join(lines).decode().upper() or name == "hl7.pcap"
    (tmp_path / "eve.json").write_bytes(b"".join(lines))
    found = devices(tmp_path / "w.db", tmp_path / "eve.json")
    assert any(attribute.name == "services" for d in found for attribute in d.attributes)


def test_the_example_is_what_a_real_suricata_writes(gen_eve: Any, tmp_path: Path) -> None:
    """With the rules as they are now: the same records of flows, the same variables."""
    gen_eve.write_site(tmp_path)
    for path in sorted(tmp_path.glob("*/eve.json.gz")):
        shipped = ROOT / "examples" / "hospital-suricata" / path.parent.name / path.name
        again = f"{path.parent.name}: the rules changed; run tests/traces/gen_eve.py again"
        assert variables(path) == variables(shipped), again


def variables(path: Path) -> list[str]:
    """Return what rules kept of each flow."""
    records = gzip.decompress(path.read_bytes()).splitlines()
    kept = [json.loads(record).get("metadata", {}).get("flowvars") for record in records]
    return [json.dumps(variables) for variables in kept if variables]
