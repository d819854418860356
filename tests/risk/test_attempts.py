"""An attempt that Zeek saw at one device: of just that finding, from the notice to the label."""

from __future__ import annotations

import io
import json
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from sensor_logs import OFFICE, Logs, told

from wardwatch.cli import main
from wardwatch.risk import recording
from wardwatch.risk.watched import targets
from wardwatch.store import Store
from wardwatch_enrichment.attempts import LEARNT, NOTE, signatures
from wardwatch_enrichment.risk.policy import Policy

ROOT = Path(__file__).parents[2]
ADVISORIES = ROOT / "tests" / "matching" / "advisories"
OWN = ADVISORIES / "icsa-15-125-01b.json"
PUMP, TWIN, ATTACKER = "10.30.1.15", "10.30.1.16", "10.9.9.9"
LIFECARE = {
    "manufacturer": "Hospira", "model": "LifeCare PCA Infusion System", "type": "infusion pump",
    "software_versions": "4.1",
}  # fmt: skip
TELNET = "CVE-2015-3459"


def site(tmp_path: Path, *notices: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is found of two pumps of a model, where Zeek wrote some notices."""
    logs = Logs()
    for pump in (PUMP, TWIN):
        logs.device(pump, **LIFECARE)
        logs.accepts(pump, 23, "telnet")
    if notices:
        lines = [{"ts": logs.now - 3600, "src": ATTACKER, **notice} for notice in notices]
        path = tmp_path / "notice.log"
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        write = logs.write
        logs.write = lambda folder: ([*write(folder)[0], path], write(folder)[1])  # type: ignore[method-assign]
    return told(tmp_path, logs, [OWN])


def findings(folder: Path) -> list[dict[str, Any]]:
    """Return what is found by what is known now."""
    output = io.StringIO()
    with redirect_stdout(output):
        main(("findings", "--db", str(folder / "wardwatch.db"), "--all", "--json"))
    return [json.loads(line) for line in output.getvalue().splitlines()]


def attempts(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return where there was an attempt: addresses and vulnerabilities."""
    return {
        (one["device"]["ips"][0], one["vulnerability"])
        for one in found
        if one["risk"]["threats"]["attempt"]
    }


def test_it_is_of_that_device_and_that_weakness(tmp_path: Path) -> None:
    """T is 1.0 and F4a asks for Attend there; the same weakness of its twin is what it was."""
    found = site(tmp_path, {"note": NOTE, "dst": PUMP, "sub": f"{TELNET},CVE-1999-0001"})
    assert attempts(found) == {(PUMP, TELNET)}
    one, other = (
        next(f for f in found if (f["device"]["ips"], f["vulnerability"]) == ([ip], TELNET))
        for ip in (PUMP, TWIN)
    )
    assert (one["risk"]["threat"], one["label"]) == (1.0, "Attend")
    assert one["risk"]["path"].startswith("tree(active,")
    assert other["risk"]["threat"] == 0.45


@pytest.mark.parametrize(
    "notice",
    [
        {"note": NOTE, "dst": PUMP},
        {"note": NOTE, "dst": PUMP, "sub": "no number of anything"},
        {"note": NOTE, "dst": "10.30.1.99", "sub": TELNET},
        {"note": "Scan::Port_Scan", "dst": PUMP, "sub": TELNET},
        {"note": NOTE, "dst": PUMP, "sub": "CVE-2019-12255"},
    ],
)
def test_nobody_tried(tmp_path: Path, notice: dict[str, Any]) -> None:
    """Without a number, at another device, by another script, or of another weakness."""
    assert attempts(site(tmp_path, notice)) == set()


def test_a_notice_is_read_for_numbers_alone() -> None:
    """What else stands in it is nobody's word."""
    text = "\x1b[2J CVE-2015-3459,<b>,CVE-2019-12255"
    assert signatures(text) == [f"{NOTE} CVE-2015-3459", f"{NOTE} CVE-2019-12255"]
    assert len(signatures("CVE-2015-3459," * 10_000)) == 32


def test_the_sensor_watches_what_rules_build_watches(tmp_path: Path) -> None:
    """The telnet of both pumps, with whoever calls it already; nothing of a device of today."""
    site(tmp_path)
    with Store(tmp_path / "wardwatch.db") as store:
        recording.record(store, "default", time.time(), Policy())
        found = targets(store, "default", time.time())
        seen = min(device.first_seen for device in store.devices("default"))
        assert targets(store, "default", seen + LEARNT / 2) == []
    telnet = [one for one in found if TELNET in one.ids]
    assert {(one.host, one.proto, one.port) for one in telnet} == {
        (PUMP, "tcp", 23), (TWIN, "tcp", 23)
    }  # fmt: skip
    assert all(one.peers == OFFICE[:1] for one in telnet)
    assert {one.host for one in found} == {PUMP, TWIN}
    assert not [one for one in found if one.port != 23 and one.peers]  # nobody called those
