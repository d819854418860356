"""The table of identities: per protocol, each field that was sent and what Zeek found of it.

Strict to what is listed, each field with exactly its values; further fields may be found.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import yaml
from zeek.conftest import REPOSITORY, TRACES
from zeek.test_traces import EXPECTED, sent

LISTED = TRACES / "identities.yaml"
IDENTITIES: dict[str, Any] = yaml.safe_load(LISTED.read_text(encoding="utf-8"))["captures"]
WHOLE = sorted(name for name in EXPECTED if "-cut-" not in name)
TABLE = REPOSITORY / "build" / "identity-table.json"
Line = dict[str, Any]


def line(capture: str, ip: str, field: str, expected: set[str], found: set[str]) -> Line:
    """One field of one device, of the protocol that its name begins with."""
    return {
        "protocol": field.partition(".")[0],
        "field": field,
        "capture": capture,
        "host": ip,
        "expected": sorted(expected),
        "found": sorted(found),
    }


def told(run: Any, device: Any) -> dict[str, set[str]]:
    """All that its address told of a device: where it tells of several, of the one so known."""
    rows = [row for row in run.rows("iomt_asset") if row["host"] == device["ip"]]
    anchor = device["known_by"]
    about = {None}
    if anchor:
        known = (anchor, device["identity"][anchor][0])
        about = {row.get("subject") for row in rows if (row["field"], row["value"]) == known}
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.get("subject") in about:
            found.setdefault(row["field"], set()).add(row["value"])
    return found


def listed_lines(run_zeek: Any) -> Iterator[Line]:
    """What identities.yaml lists."""
    for name, devices in IDENTITIES.items():
        run = run_zeek(capture=TRACES / name)
        for device in devices:
            found = told(run, device)
            for field, values in device["identity"].items():
                yield line(name, device["ip"], field, set(values), found.get(field, set()))


def dicom_lines(run_zeek: Any) -> Iterator[Line]:
    """What the images that were sent say of the devices that made them."""
    for name in WHOLE:
        run = run_zeek(capture=TRACES / name)
        expected: dict[tuple[str, str], set[str]] = {}
        for ip, identity in sent(EXPECTED[name]["devices"]):
            for field, value in identity:
                expected.setdefault((ip, field), set()).add(value)
        for (ip, field), values in sorted(expected.items()):
            found = {value for who, what, value in run.claims(field) if (who, what) == (ip, field)}
            yield line(name, ip, field, values, found)


def test_listed_as_sent(tmp_path: Any) -> None:
    """identities.yaml is what the generators' words make it, typed or found by nobody."""
    script = TRACES / "identities.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], cwd=TRACES, check=True)
    now = (tmp_path / LISTED.name).read_text(encoding="utf-8")
    assert LISTED.read_text(encoding="utf-8") == now, f"run {script}"


def test_table(run_zeek: Any) -> None:
    """Each identity that was sent is found, as it was sent; the table is printed and kept."""
    lines = [*dicom_lines(run_zeek), *listed_lines(run_zeek)]
    lines.sort(key=lambda one: (one["protocol"], one["field"], one["capture"], one["host"]))
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(json.dumps(lines, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\nprotocol | field | capture, host | expected | found")
    for one in lines:
        same = one["expected"] == one["found"]
        values = [", ".join(one[name]) for name in ("expected", "found")]
        where = f"{one['capture']}, {one['host']}"
        told_of = f"{one['protocol']} | {one['field']} | {where} | {' | '.join(values)}"
        print(told_of if same else f"{told_of}  <-- DIFFERENT")
    assert [one for one in lines if one["expected"] != one["found"]] == []
    protocols = {one["protocol"] for one in lines}
    assert protocols >= {
        *("astm", "bacnet", "dicom", "fhir", "hl7", "intellivue", "poct1a", "sdc"),
        *("dhcp", "http", "kerberos", "mdns", "netbios", "ntlm", "snmp", "ssdp", "tls", "upnp"),
    }
