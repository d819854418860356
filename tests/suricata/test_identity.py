"""What the identity rules carry out of real captures: the truth, where it is, and of no patient.

What was sent stands in tests/traces/expected.yaml and identities.yaml, as for the Zeek scripts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from html import unescape
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from suricata.engine import REPOSITORY, SHARED_TRACES, TRACES, Event, alerts, events
from traces.near_misses import talks
from zeek.conftest import Conversation, write_pcap
from zeek.udp_frames import datagram

pytestmark = pytest.mark.usefixtures("suricata")
VARIABLES = yaml.safe_load((REPOSITORY / "suricata-rules" / "flowvars.yaml").read_text("utf-8"))
EXPECTED = yaml.safe_load((TRACES / "expected.yaml").read_text("utf-8"))["captures"]
IDENTITIES = yaml.safe_load((TRACES / "identities.yaml").read_text("utf-8"))["captures"]
TABLE = REPOSITORY / "build" / "suricata-identity-table.json"
CAPTURES = sorted([*TRACES.rglob("*.pcap"), *SHARED_TRACES.glob("*.pcap")])
# By the hundreds of the rules' numbers. The DICOM captures that are not listed see one side alone,
# cut frames, or TLS and HTTP.
HAVE = {
    18000: {
        *("dicom-canary", "dicom-cut-disordered", "dicom-cut-dropped", "dicom-cut-early"),
        *("dicom-cut-late", "dicom-get", "dicom-ipv6", "dicom-odd-port", "dicom-roles"),
        *("dicom-syntaxes", "hospital", "gen-dcmtk-loopback-cecho-cstore", "tapirx-dicom-find"),
    },
    18001: {"hl7", "hl7-xml", "ndpi-hl7", "tapirx-HL7-ADT", "tapirx-HL7-ADT-UDI-OBX"},
    18002: {"lab"},
    18003: {"sdc", "sdc-parts", "gen-sdc11073-loopback-hello-probe-get"},
    18004: {
        *("bacnet", "icsnpp-bacnet_example"),
        *("intellivue", "gen-intellivue-connect-indication"),
    },
    18005: {"link", "wards"},  # an FTP server, telnet consoles
}
ESCAPES = {"\\F\\": "|", "\\S\\": "^", "\\R\\": "~", "\\T\\": "&", "\\E\\": "\\"}
PLACE = ("fac", "bldng", "flr", "poc", "rm", "bed")
DICOM = {
    "dicom.modality": "modality",
    "dicom.manufacturer": "manufacturer",
    "dicom.station_name": "station",
    "dicom.manufacturer_model_name": "model",
    "dicom.device_serial_number": "serial_number",
    "dicom.software_versions": "software_versions",
}
WHOLE = sorted(name for name in EXPECTED if "-cut-" not in name)
RANDOM = ("dicom-canary.pcap", "dicom-syntaxes.pcap", "hospital.pcap")
Claims = dict[str, str]


def read(form: str | None, value: str) -> str:
    """What a variable's value says."""
    if form in ("xml", "query"):
        value = unescape(value)
    if form == "query":
        place = parse_qs(value)
        return "/".join(part for name in PLACE for part in place.get(name, ()))
    if form == "mac":
        return value.replace("-", ":").lower()
    for escape, sign in ESCAPES.items() if form == "hl7" else ():
        value = value.replace(escape, sign)
    return value


def told(capture: Path, *args: str) -> Iterator[tuple[str, str | None, Claims]]:
    """Host, subject and claims, by flow."""
    for event in events(capture, args=args):
        if event["event_type"] != "flow":
            continue
        found: dict[tuple[str, str | None], Claims] = {}
        for pair in event.get("metadata", {}).get("flowvars", ()):
            for name, value in pair.items():
                if name[2:] in VARIABLES["variables"]:
                    entry = VARIABLES["variables"][name[2:]]
                    host = str(ip_address(event["src_ip" if name[0] == "c" else "dest_ip"]))
                    claims = found.setdefault((host, entry.get("subject")), {})
                    claims[entry["field"]] = read(entry.get("form"), value)
        for (host, subject), claims in found.items():
            yield host, subject, claims


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_only_where_it_is(capture: Path) -> None:
    """A protocol's rules fire in its captures, and in no other."""
    fired = {sid // 100 for sid in alerts(capture) if sid < 1805000}
    assert fired == {block for block, captures in HAVE.items() if capture.stem in captures}


@cache
def sent(name: str) -> tuple[tuple[str, dict[str, str]], ...]:
    """Who sent a dataset, and what it says; a cut capture is one of dicom-odd-port.pcap."""
    name = "dicom-odd-port.pcap" if "-cut-" in name else name
    found = []
    for device in EXPECTED[name]["devices"]:
        values = {field: device[key] for field, key in DICOM.items() if device[key]}
        if software := values.get("dicom.software_versions"):
            values["dicom.software_versions"] = "\\".join(software)
        hosts = (device["ip"], *(via["ip"] for via in device.get("forwarded_by", [])))
        found += [(host, values) for host in hosts]
    return tuple(found)


@pytest.mark.parametrize(
    ("name", "chunks"),
    [*((name, "no") for name in sorted(EXPECTED)), *((name, "yes") for name in RANDOM)],
)
def test_datasets_are_kept_together(name: str, chunks: str) -> None:
    """What a flow tells of a dataset's device is all of one that was sent, however it is cut."""
    args = () if chunks == "no" else ("--set", "stream.reassembly.randomize-chunk-size=yes")
    for host, subject, claims in told(TRACES / name, *args):
        if subject == "dicom":
            fitting = [v for ip, v in sent(name) if ip == host and claims.items() <= v.items()]
            assert fitting, (host, claims)


def listed() -> Iterator[tuple[str, str, str, set[str]]]:
    """Capture, host, field and values of everything that was sent."""
    for name, devices in IDENTITIES.items():
        for device in devices:
            fields = device["identity"].items()
            yield from ((name, device["ip"], field, set(values)) for field, values in fields)
    for name in WHOLE:
        for host, claims in sent(name):
            yield from ((name, host, field, {value}) for field, value in claims.items())
        for device in EXPECTED[name]["devices"]:
            yield name, device["ip"], "dicom.ae_title", {device["ae_title"]}


def expected() -> dict[tuple[str, str, str], set[str]]:
    """The values of all devices of a host together, of the fields that the rules know."""
    known = {entry["field"] for entry in VARIABLES["variables"].values()}
    together: dict[tuple[str, str, str], set[str]] = {}
    for name, host, field, values in listed():
        if field in known:
            together.setdefault((name, host, field), set()).update(values)
    return together


def test_table() -> None:
    """No value differs from what was sent, and most that was sent is found; the table is kept."""
    wanted = expected()
    found: dict[tuple[str, str, str], set[str]] = {}
    for name in {name for name, _, _ in wanted}:
        for host, _, claims in told(TRACES / name):
            for field, value in claims.items():
                found.setdefault((name, host, field), set()).add(value)
    lines = [
        {
            **dict(zip(("capture", "host", "field"), key, strict=True)),
            "expected": sorted(values),
            "found": sorted(found.get(key, ())),
        }
        for key, values in sorted(wanted.items())
    ]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(json.dumps(lines, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    wrong = [line for line in lines if not all(_said(value, line) for value in line["found"])]
    assert wrong == []
    shares = {line["field"]: [0, 0] for line in lines}
    for line in lines:
        shares[line["field"]][0] += bool(line["found"])
        shares[line["field"]][1] += 1
    for field, (some, all_of_them) in sorted(shares.items()):
        print(f"{field:40} {some} of {all_of_them} hosts")
    assert {field for field, (some, _) in shares.items() if not some} == set()
    assert sum(some for some, _ in shares.values()) >= 0.9 * len(lines)


def _said(value: str, line: dict[str, Any]) -> bool:
    """Whether a value is one that was sent, or the first of several versions."""
    return any(value in (one, one.split("\\")[0]) for one in line["expected"])


def test_as_shipped_nothing_alerts() -> None:
    """The variables are the same where the rules do not alert, and stand in flows alone."""
    capture = TRACES / "hospital.pcap"
    quiet = events(capture, as_shipped=True)
    assert [event for event in quiet if event["event_type"] == "alert"] == []
    assert _variables(quiet) == _variables(events(capture)) != []


def _variables(written: tuple[Event, ...]) -> list[str]:
    """What flows hold, in an order of its own."""
    flows = (event for event in written if event["event_type"] == "flow")
    return sorted(
        str(e["metadata"]["flowvars"]) for e in flows if "flowvars" in e.get("metadata", {})
    )


def test_noise(tmp_path: Path) -> None:
    """What begins as a medical protocol does and goes on as noise is none, on any port."""
    chance = random.Random(7)  # noqa: S311  the same in every run
    packets = []
    for number, talk in enumerate(talks(chance, 1500)):
        ends = (f"10.6.{number // 250}.{1 + number % 250}", "10.6.255.1")
        ports = (30000 + number, talk.port)
        if talk.udp:
            packets.append(datagram(talk.parts[0][1], *ends, ports))
        else:
            packets += Conversation(*ends, *ports).packets(talk.parts)
    fired = alerts(write_pcap(tmp_path / "noise.pcap", packets))
    assert {sid for sid in fired if sid < 1805000} == set()


def test_the_public_captures_are_there() -> None:
    """Else the tests over unrelated traffic saw our own captures alone."""
    if not SHARED_TRACES.exists():
        pytest.skip("Not run over public captures: they are not beside this checkout")
