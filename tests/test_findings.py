"""`advisory` and `findings` as a user types them, on logs as sensors write them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wardwatch.cli import main

OWN = Path(__file__).parent / "matching" / "advisories" / "icsa-15-125-01b.json"
PUMP, MAC, LOCAL = "10.30.1.15", "02:20:00:00:08:40", "fe80::20:ff:fe00:840"
NOW = time.time()
DAY = 86_400.0
REGISTER = (
    "ip,manufacturer,model,software version\n"
    + PUMP
    + ",Hospira,LifeCare PCA Infusion System,4.1\n"
)
TELNET, IPV6 = "CVE-2015-3459", "CVE-2020-11899"
Run = Callable[..., str]


def exposure(day: float, kind: str, **values: Any) -> str:
    """Return a row of iomt_exposure.log: of one hour, so many days ago."""
    at = NOW - day * DAY
    host = {"host": PUMP, "mac": MAC} if values.get("host") is None else {}
    return json.dumps(
        {"ts": at, "first": at - 3600, "last": at, "kind": kind, "count": 1, **host, **values}
    )


def sensor(days: int = 29) -> list[str]:
    """Return what the sensor says of itself: each half day, as it would each hour."""
    counts = {"sensor": 40, "packets": 9_000, "dropped": 0, "gaps": 0, "acks": 9_000}
    return [
        exposure(half / 2, "coverage", host="0.0.0.0", value=value, count=count)  # noqa: S104
        for half in range(days * 2, -1, -1)
        for value, count in counts.items()
    ]


def service(day: float, state: str, port: int, *peers: str, **values: Any) -> str:
    """Return that a service answered, or that the device itself refused."""
    told = {"proto": "tcp", "port": port, "state": state, "peers": peers, "clients": len(peers)}
    told |= {"by": "device"} if state == "refused" else {}
    return exposure(day, "service", **{**told, "count": 3, **values})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns what it says."""
    monkeypatch.chdir(tmp_path)

    def running(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.out + said.err

    return running


def site(run: Run, rows: list[str], advisory: Path | None = OWN) -> None:
    """Take in a site with one pump, which its register names, and what was seen of it."""
    conn = {"uid": "C1", "id.orig_h": PUMP, "id.resp_h": "224.0.0.251", "orig_l2_addr": MAC}
    days = ({**conn, "ts": NOW - half * DAY / 2 - 60} for half in range(60))
    Path("conn.log").write_text("\n".join(map(json.dumps, days)) + "\n")
    Path("iomt_exposure.log").write_text("\n".join([*rows, *sensor()]) + "\n")
    Path("register.csv").write_text(REGISTER)
    run("ingest", "conn.log", "iomt_exposure.log", "--sensor", "tap1")
    run("facts", "import", "register.csv")
    if advisory:
        run("feeds", "import", str(advisory))


def finding(run: Run, number: str = TELNET) -> dict[str, Any]:
    """Return what is found of a vulnerability on the pump."""
    by_one = [json.loads(line) for line in run("advisory", number, "--all", "--json").splitlines()]
    (found,) = [one for one in by_one if one["vulnerability"] == number]
    every = [json.loads(line) for line in run("findings", "--all", "--json").splitlines()]
    assert found in every, "the same is said however it is asked for"
    return dict(found)


def test_refused_when_asked(run: Run) -> None:
    """Two callers of the only zone that calls were refused, and nothing happened since."""
    site(run, [service(2, "refused", 23, "10.20.4.7", "10.20.4.8")])
    found = finding(run)
    assert (found["affected"], found["wording"]) == ("confirmed", "refused when asked")
    proof = found["predicates"][0]["evidence"][0]
    assert (proof["signed_by"], proof["log"]) == ("tap1", "iomt_exposure")
    assert '"refused"' in proof["line"]


def test_a_day_that_began_before_the_boot_proves_nothing(run: Run) -> None:
    """The rows of a day are one row, in which nobody knows what came first."""
    noon = (NOW // DAY - 2) * DAY + DAY / 2
    days = [(NOW - at) / DAY for at in (noon - 7200, noon, noon + 7200)]
    callers = ("10.20.4.7", "10.20.4.8")
    boot = exposure(days[1], "coverage", value="link_up_arp", first=noon, last=noon)
    refused = [service(days[0], "refused", 23, *callers), service(days[2], "refused", 23, *callers)]
    site(run, [boot, *refused])
    assert finding(run)["verdict"] != "not_exploitable"


def test_a_zone_that_calls_and_was_not_refused(run: Run) -> None:
    """The archive calls from its own network; whether telnet answers there, nobody knows."""
    refused = service(2, "refused", 23, "10.20.4.7", "10.20.4.8")
    others = exposure(1, "peers", value="from", peers=["10.50.1.9"], clients=1)
    site(run, [refused, others])
    assert finding(run)["verdict"] != "not_exploitable"


def test_ipv6_at_an_address_that_only_its_row_ties_to_it(run: Run, tmp_path: Path) -> None:
    """Where nothing logs hardware addresses, the row's own proof is all there is."""
    treck = json.loads(OWN.read_text())
    treck["vulnerabilities"] = [{**treck["vulnerabilities"][0], "cve": IPV6}]
    treck["document"]["tracking"]["id"] = "EXAMPLE-1"
    (tmp_path / "treck.json").write_text(json.dumps(treck))
    seen = [
        exposure(29 - day, "coverage", value="flows", count=9, peers=["10.20.4.7"])
        for day in range(29)
    ]
    seen.append(exposure(20, "coverage", value="link_up_arp"))
    silent = [p for p in _answers(run, seen, tmp_path) if p["name"] == "uses ipv6"]
    assert {p["state"] for p in silent} == {"strong_false"}
    seen.append(exposure(3, "uses", host=LOCAL, mac=MAC, value="ipv6"))
    used = [p for p in _answers(run, seen, tmp_path) if p["name"] == "uses ipv6"]
    assert {p["state"] for p in used} == {"true"}


def _answers(run: Run, rows: list[str], folder: Path) -> list[dict[str, Any]]:
    (folder / "wardwatch.db").unlink(missing_ok=True)
    site(run, rows, folder / "treck.json")
    return list(finding(run, IPV6)["predicates"])


def test_a_maker_states(run: Run, tmp_path: Path) -> None:
    """Its OpenVEX statement is shown with author and document, and gives way to what is seen."""
    said = {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://vex.example/7",
        "author": "Hospira", "timestamp": "2026-01-02T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": TELNET, "status": "not_affected",
            "products": ["Hospira LifeCare PCA Infusion System 4.1"],
            "justification": "vulnerable_code_not_in_execute_path",
        }],
    }  # fmt: skip
    (tmp_path / "vex.json").write_text(json.dumps(said))
    site(run, [])
    run("feeds", "import", "vex.json")
    found = finding(run)
    assert found["wording"] == "not exploitable, says its manufacturer"
    assert found["predicates"][-1]["evidence"][0]["line"] == "https://vex.example/7"
    (tmp_path / "wardwatch.db").unlink()
    site(run, [service(2, "accepted", 23, "10.20.4.7", service="telnet")])
    run("feeds", "import", "vex.json")
    found = finding(run)
    assert found["verdict"] == "exploitable"
    assert any("https://vex.example/7" in note for note in found["notes"])


def test_what_can_be_asked_for(run: Run, tmp_path: Path) -> None:
    """An id, a CVE, a file that was not imported, a bulletin; and what is none of them."""
    site(run, [])
    for name in ("ICSA-15-125-01B", "icsa-15-125-01b", TELNET, TELNET.lower(), str(OWN)):
        assert "LifeCare PCA" in run("advisory", name)
    bulletin = f"<td>{TELNET}</td><td>9</td><p>CVE-2099-0001 cve-2014-5406"
    (tmp_path / "bulletin.html").write_text(bulletin)
    said = run("advisory", "bulletin.html")
    assert said.count("LifeCare PCA") >= 2
    assert "CVE-2099-0001: no imported advisory names it" in said
    assert "34599" not in said
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 20)
    wrong = {"empty": "names no CVE", "binary": "is no text", ".": "is a directory",
             "NOPE-1": "no advisory of this id", "x" * 5000: "no advisory of this id"}  # fmt: skip
    for name, why in wrong.items():
        assert why in run("advisory", name, code=1)
    told = run("advisory", "CVE-2099-0001", "--json")
    assert "no imported advisory names it" in told
    assert "{" not in told


def test_a_bulletin_of_thousands(run: Run, tmp_path: Path) -> None:
    """They are looked for all at once."""
    site(run, [])
    numbers = [f"CVE-2099-{number}" for number in range(1000, 5999)]
    (tmp_path / "many.txt").write_text("\n".join([*numbers, TELNET]))
    began = time.monotonic()
    lines = run("advisory", "many.txt", "--json").splitlines()
    assert time.monotonic() - began < 30
    assert [json.loads(one)["vulnerability"] for one in lines if one.startswith("{")] == [TELNET]


def test_two_sites_are_told_apart(run: Run) -> None:
    """Each device with its own site, and one site alone where it is asked for."""
    site(run, [])
    Path("north").mkdir()
    Path("north/conn.log").write_text(Path("conn.log").read_text())
    run("ingest", "north", "--site", "north")
    run("facts", "import", "register.csv", "--site", "north")
    said = run("advisory", TELNET)
    assert "north" in said
    assert "default" in said
    found = [json.loads(one) for one in run("advisory", TELNET, "--json").splitlines()]
    assert sorted(one["site"] for one in found) == ["default", "north"]
    (only,) = run("advisory", TELNET, "--json", "--site", "north").splitlines()
    assert json.loads(only)["site"] == "north"


def test_a_database_of_before_is_refused_and_stays(run: Run) -> None:
    """A reader changes nothing in it; the next `ingest` does."""
    site(run, [])
    with sqlite3.connect("wardwatch.db") as db:
        db.execute("PRAGMA user_version = 4")
    assert "brings it up to date, and keeps a copy" in run("advisory", TELNET, code=1)
    run("ingest", "conn.log")
    assert "LifeCare PCA" in run("advisory", TELNET)


def test_a_database_that_may_only_be_read(run: Run) -> None:
    """The answer is the same."""
    site(run, [])
    before = run("advisory", TELNET, "--json")
    Path("wardwatch.db").chmod(0o444)
    assert run("advisory", TELNET, "--json") == before
