"""Scenarios of the risk model from the front: what a sensor logs, to what `findings` says.

The figures are those of the scenarios' own file; the advisories, KEV and EPSS are the public ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from sensor_logs import OFFICE, Logs, told

PUBLIC = Path(__file__).parents[3] / "shared" / "data"
FILE = PUBLIC / "risk-scenarios.yaml"
pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason=f"DID NOT RUN: the scenarios and advisories ({PUBLIC}) are not there"
)
WARD, OTHERS = "10.30.9.20", ("10.30.9.20", "10.30.9.21", "10.30.9.22")
CIC = {
    "manufacturer": "GE HealthCare", "model": "Clinical Information Center",
    "type": "central monitoring station", "software_versions": "5.0",
}  # fmt: skip
SPECTRUM = {"manufacturer": "Baxter", "model": "35700BAX2", "type": "infusion pump"}
VERSION = "8.00.01"
MDHEX, TELNET = "CVE-2020-6963", "CVE-2020-12045"


def t01a(logs: Logs) -> str:
    """A central station whose file server answers the offices."""
    ip = logs.device("10.30.1.15", **CIC)
    logs.accepts(ip, 445, "smb")
    return ip


def t01b(logs: Logs) -> str:
    """On an isolated segment, at whose edge the network refuses the other wards."""
    ip = logs.device("10.40.1.15", **CIC)
    logs.called_by(ip, "10.40.1.20")
    row = {"proto": "tcp", "port": 445, "state": "refused", "by": "network", "count": 6}
    logs.see(ip, 2, "service", **row, peers=OTHERS, clients=len(OTHERS))
    return ip


def t01c(logs: Logs) -> str:
    """Few callers of another ward, which proves no boundary."""
    ip = logs.device("10.30.2.15", **CIC)
    logs.called_by(ip, WARD)
    return ip


def t01d(logs: Logs) -> str:
    """Seen once, three weeks ago; no sensor since."""
    return logs.device("10.30.3.15", watched=False, **CIC)


def t03a(logs: Logs) -> str:
    """A pump in the offices' flat network, with its session to the systems manager."""
    about = {"manufacturer": "BD", "model": "Alaris PC Unit Model 8015", "type": "infusion pump"}
    ip = logs.device("10.20.3.15", **about, software_versions="9.33.1")
    logs.calls(ip, "10.20.3.200", 3613)
    return ip


def t04a(logs: Logs) -> str:
    """A pump whose telnet answers the offices, one of a fleet."""
    ip = logs.device("10.30.4.15", **SPECTRUM, software_versions=VERSION)
    logs.accepts(ip, 23, "telnet")
    return ip


def t04b(logs: Logs) -> str:
    """Its like, of a version that nobody knows: it refuses two callers itself."""
    ip = logs.device("10.30.5.15", **SPECTRUM)
    logs.refuses(ip, 23)
    logs.called_by(ip, OFFICE[0])
    return ip


def t04c(logs: Logs) -> str:
    """Its like, called by the offices, but never at this port."""
    ip = logs.device("10.30.6.15", **SPECTRUM)
    logs.called_by(ip, OFFICE[0])
    return ip


def t05a(logs: Logs) -> str:
    """A telemetry receiver with remote desktop, without network level authentication."""
    about = {"manufacturer": "Spacelabs", "model": "Xhibit Telemetry Receiver 96280"}
    ip = logs.device("10.30.8.15", **about, type="telemetry monitor", software_versions="1.0.2")
    logs.accepts(ip, 3389, "rdp")
    row = {"proto": "tcp", "port": 3389, "service": "rdp", "value": "rdp_standard"}
    logs.see(ip, 1, "auth", **row, peers=OFFICE[:1])
    return ip


def t11(logs: Logs) -> str:
    """A panel of the tube system whose telnet answers."""
    about = {"manufacturer": "Swisslog Healthcare", "model": "Nexus Control Panel"}
    kind = {"type": "pneumatic tube system", "software_versions": "7.2.4"}
    ip = logs.device("10.30.10.15", **about, **kind)
    logs.accepts(ip, 23, "telnet")
    return ip


def t15(logs: Logs) -> str:
    """A viewer on an office computer, which asks for a user."""
    about = {"manufacturer": "MicroDicom", "model": "DICOM Viewer", "type": "imaging workstation"}
    return logs.device("10.20.11.15", **about, software_versions="2023.3_Build_9342")


def t18(logs: Logs) -> str:
    """An anaesthesia machine behind a terminal server; that it worked was tried on the bench."""
    about = {"manufacturer": "GE HealthCare", "model": "Aestiva 7900", "type": "anesthesia machine"}
    ip = logs.device("10.30.12.15", **about)
    logs.accepts(ip, 4001, "")
    logs.tested("CVE-2019-10966", "exploitable", ip=ip)
    return ip


def t19(logs: Logs) -> str:
    """A monitor on an isolated segment, which a firewall shuts off."""
    about = {"manufacturer": "Philips", "model": "IntelliVue MP70", "type": "patient monitor"}
    ip = logs.device("10.40.13.15", **about, software_versions="J.10.50")
    logs.closed("10.40.13.0/24")
    return ip


class Case(NamedTuple):
    """What is written for a scenario, and the vulnerability that it is about."""

    build: Callable[[Logs], str]
    vulnerability: str


CASES = {
    "T01a": Case(t01a, MDHEX),
    "T01b": Case(t01b, MDHEX),
    "T01c": Case(t01c, MDHEX),
    "T01d": Case(t01d, MDHEX),
    "T03a": Case(t03a, "CVE-2020-25165"),
    "T04a": Case(t04a, TELNET),
    "T04b": Case(t04b, TELNET),
    "T04c": Case(t04c, TELNET),
    "T05a": Case(t05a, "CVE-2019-0708"),
    "T11": Case(t11, "CVE-2021-37163"),
    "T15": Case(t15, "CVE-2024-22100"),
    "T18": Case(t18, "CVE-2019-10966"),
    "T19": Case(t19, "CVE-2018-10601"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return what `findings` says of each scenario's device, all of one hospital."""
    folder, logs = tmp_path_factory.mktemp("hospital"), Logs()
    where = {case.build(logs): name for name, case in CASES.items()}
    assert len(where) == len(CASES)
    for number in range(20, 30):  # the fleet
        logs.device(f"10.30.7.{number}", **SPECTRUM, software_versions=VERSION)
    for number, kind in enumerate({row["type"] for row in logs.register}):  # none is the only one
        logs.device(f"10.30.77.{number + 1}", type=kind, manufacturer="Wardwatch Test")
    feeds = [PUBLIC / name for name in ("csaf/icsma", "kev.json", "epss-subset.csv")]
    found = {}
    for one in told(folder, logs, feeds):
        name = where.get(next(iter(one["device"]["ips"]), ""))
        if name and one["vulnerability"] == CASES[name].vulnerability:
            found[name] = one
    return found


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, Any]]:
    """Return what the scenarios' file expects."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))["scenarios"]
    return {row["id"]: row["expect"] for row in rows}


def got(one: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a finding under the scenarios' names."""
    risk = one["risk"]
    figures = {name: risk[name] for name in ("verdict", "ease", "threat", "likelihood", "path")}
    return {**figures, **one["axes"], "score": one["score"], "label": one["label"]}


def deviates(figure: Any, wanted: Any) -> bool:
    """Tell whether a figure is another one than printed: by over half of its last digit."""
    if isinstance(wanted, str):
        return bool(figure != wanted)
    digits = len(str(wanted).partition(".")[2])
    return bool(abs(figure - wanted) > 0.5 * 10**-digits + 1e-9)


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_front_gives_the_scenario(
    name: str, said: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]
) -> None:
    """Verdict, figures, label and its path."""
    figures = got(said[name])
    assert figures.keys() == expected[name].keys()
    wrong = {k: (figures[k], v) for k, v in expected[name].items() if deviates(figures[k], v)}
    assert wrong == {}, said[name]["risk"]


def test_the_order_is_that_of_the_model(said: dict[str, dict[str, Any]]) -> None:
    """What is proven to be out of reach comes behind its like that is not (4.9, property 8)."""
    scores = {name: one["score"] for name, one in said.items()}
    assert scores["T01b"] < scores["T01c"] < scores["T01d"] < scores["T01a"]
    assert scores["T04b"] < scores["T04c"] < scores["T04a"]


def test_a_figure_that_is_not_as_printed_is_noticed() -> None:
    """Also in its last digit."""
    assert not deviates(38.4, 38.4)
    assert deviates(38.5, 38.4)
    assert deviates(0.072, 0.077)
    assert deviates("Track", "Track*")
