"""tshark agrees: what it dissects of HL7, BACnet and DHCP is what our logs and claims have.

Of HL7 it dissects what is framed by MLLP, and leaves out what is bare or in HTTP. DICOM is in
test_traces.py.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TRACES = Path(__file__).parents[1] / "traces"
HEADER = re.compile(r"^Internet Protocol Version 4, Src: (\S+), Dst: (\S+)$")
PORTS = re.compile(r"^Transmission Control Protocol, Src Port: (\d+), Dst Port: (\d+),")
Claims = set[tuple[str, str, str]]


def tshark(what: str, capture: Path, *options: str) -> list[str]:
    """The lines that tshark prints; without it the test is skipped, and says what was not done."""
    if shutil.which("tshark") is None:
        pytest.skip(f"Not run: tshark is not installed, our {what} was not compared with its")
    command = ["tshark", "-n", "-r", str(capture), *options]
    done = subprocess.run(command, capture_output=True, check=True)
    return done.stdout.decode(errors="replace").splitlines()


# HL7

Message = dict[str, list[str]]  # the values of each field: MSH-3, OBX-18
Sent = tuple[tuple[str, int], tuple[str, int], Message]


def messages(capture: Path, ports: set[int]) -> Iterator[Sent]:
    """Each message with who sent it to whom."""
    decode = [word for port in sorted(ports) for word in ("-d", f"tcp.port=={port},hl7")]
    ends: list[list[str]] = [[], []]
    message: Message | None = None
    segment = ""
    for line in [*tshark("hl7.log", capture, *decode, "-Y", "hl7", "-O", "hl7"), "Frame end"]:
        if line.startswith(("Frame ", "Health Level Seven")):
            if message:
                (source, target), (from_port, to_port) = ends
                yield (source, int(from_port)), (target, int(to_port)), message
            message = defaultdict(list) if line.startswith("Health") else None
        elif found := HEADER.match(line):
            ends[0] = list(found.groups())
        elif found := PORTS.match(line):
            ends[1] = list(found.groups())
        elif found := re.match(r"^    ([A-Z][A-Z0-9]{2}) \(", line):
            segment = found[1]
        elif message is not None and (found := re.match(r"^ {8}field (\d+): (.*)$", line)):
            # The first field of a header is the separator, of any other segment its name.
            number = int(found[1]) - (segment != "MSH")
            name = f"{segment}-{number}"
            part = name == "OBX-18" and message["OBX-3"][-1].split("^")[1].endswith("_VMD")
            message[f"{name} of a part" if part else name].append(found[2].strip())


def hl7_line(sent: list[Sent], caller: tuple[str, int]) -> dict[str, Any]:
    """What hl7.log is to have of a connection."""
    own = [m for who, _, m in sent if not m["MSH-9"][0].startswith("ACK") and who == caller]
    acks = [m for who, _, m in sent if m["MSH-9"][0].startswith("ACK") and who != caller]
    assert len(own) + len(acks) == len(sent)
    kinds = Counter("^".join(m["MSH-9"][0].split("^")[:2]) for _, _, m in sent)
    profiles = {profile for m in own for field in m["MSH-21"] for profile in field.split("~")}
    return {
        "sending_application": own[0]["MSH-3"],
        "sending_facility": own[0]["MSH-4"],
        "receiving_application": acks[0]["MSH-3"] if acks else own[0]["MSH-5"],
        "receiving_facility": acks[0]["MSH-4"] if acks else own[0]["MSH-6"],
        "version": own[0]["MSH-12"],
        "profiles": sorted(profiles),
        "messages": len(own),
        "acknowledgements": len(acks),
        "message_types": sorted(f"{kind}={n}" for kind, n in kinds.items()),
    }


def as_lists(row: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Columns of a row in the form of another's."""
    found = {}
    for name, value in like.items():
        own = row.get(name, [])
        texts = isinstance(value, list) and not isinstance(own, list)
        found[name] = [own] if texts else sorted(own) if isinstance(own, list) else own
    return found


def test_hl7(run_zeek: Any) -> None:
    """Each connection in MLLP has the line, the applications and the equipment that tshark sees."""
    capture = TRACES / "hl7.pcap"
    run = run_zeek(capture=capture)
    run.assert_quiet()
    rows = {
        ((row["id.orig_h"], row["id.orig_p"]), (row["id.resp_h"], row["id.resp_p"])): row
        for row in run.rows("hl7")
    }
    by_ends: dict[Any, list[Sent]] = defaultdict(list)
    for source, target, message in messages(capture, {ends[1][1] for ends in rows}):
        ends = (source, target) if (source, target) in rows else (target, source)
        by_ends[ends].append((source, target, message))
    assert set(by_ends) == {ends for ends, row in rows.items() if row["framing"] == "mllp"}
    assert len(by_ends) == 4
    equipment: dict[str, set[str]] = defaultdict(set)
    claims = run.claims("hl7.")
    for ends, sent in by_ends.items():
        expected = hl7_line(sent, ends[0])
        assert as_lists(rows[ends], expected) == expected
        for (host, _), _, message in sent:
            side = "receiving" if message["MSH-9"][0].startswith("ACK") else "sending"
            for number, field in ((3, "application"), (4, "facility")):
                assert {
                    (host, f"hl7.{side}_{field}", v) for v in message[f"MSH-{number}"]
                } <= claims
            equipment[host] |= {value for value in message["OBX-18"] if value}
            for role, value in zip(message["PRT-4"], message["PRT-10"], strict=True):
                assert ((host, "hl7.udi", value) in claims) is role.startswith("EQUIP")
            for number, field in ((16, "device_identifier"), (20, "serial_number")):
                assert {(host, f"hl7.{field}", v) for v in message[f"PRT-{number}"]} <= claims
    told: dict[str, set[str]] = defaultdict(set)
    for host, _, value in run.claims("hl7.equipment_instance"):
        told[host] |= {value}
    bare = {ends[0][0] for ends, row in rows.items() if row["framing"] == "bare"}
    assert {host: own for host, own in told.items() if host not in bare} == {
        host: own for host, own in equipment.items() if own
    }


# BACnet

CHARSETS = "UTF-8|ISO 10646 UTF-8|ANSI X3.4[^']*"
# How tshark prints what is claimed; of I-Am the vendor's number, of answers the properties.
PRINTED = {
    "device_instance": r"ObjectIdentifier: device, (\d+)",
    "vendor_id": r"(?:Vendor ID|vendor-identifier): .*?(\d+)\)?",
    "object_name": r"Object Name: (.+)",
    **{
        name.replace("-", "_"): rf"{name}: (?:{CHARSETS}) '(.*)'"
        for name in ("vendor-name", "model-name", "serial-number", "firmware-revision",
                     "application-software-version", "location")
    },
}  # fmt: skip


def bacnet_values(capture: Path) -> Claims:
    """What devices say of themselves in I-Am and in answers about their device object."""
    found: Claims = set()
    host, is_device = "", False
    only = "bacapp.type == 3 || bacapp.unconfirmed_service == 0"
    for line in tshark("iomt_bacnet.log", capture, "-Y", only, "-O", "bacapp"):
        if header := HEADER.match(line):
            host = header[1]
        elif "ObjectIdentifier: " in line:
            is_device = "ObjectIdentifier: device," in line
        if not is_device:
            continue
        for field, pattern in PRINTED.items():
            if value := re.fullmatch(r" +" + pattern, line):
                found.add((host, f"bacnet.{field}", value[1].strip()))
    return found


@pytest.mark.parametrize("name", ["bacnet.pcap", "icsnpp-bacnet_example.pcap"])
def test_bacnet(run_zeek: Any, public_capture: Any, name: str) -> None:
    """Each value of a device's identity that tshark reads is claimed, and no other."""
    capture = TRACES / name if (TRACES / name).exists() else public_capture(name)
    run = run_zeek(capture=capture)
    run.assert_quiet()
    expected = bacnet_values(capture)
    assert len(expected) >= 9
    assert run.claims("bacnet.") == expected
    columns = {"device_instance": "instance"}
    for host, field, value in expected:
        column = columns.get(field.removeprefix("bacnet."), field.removeprefix("bacnet."))
        rows = [row for row in run.rows("iomt_bacnet") if row["id.orig_h"] == host
                or row["id.resp_h"] == host]  # fmt: skip
        assert value in {str(row.get(column)) for row in rows}, (host, column, value)


# DHCP

CABLE = "dhcp.option.vendor.cl."
FORUM = "dhcp.option.vi.tr111."
DHCP = {
    "dhcp.option.hostname": "host_name",
    "dhcp.option.vendor_class_id": "vendor_class",
    "dhcp.option.request_list_item": "parameter_list",
    "dhcp.fqdn.name": "client_fqdn",
    "dhcp.option.vi_class.enterprise": "enterprise_number",
    "dhcp.option.vi.enterprise": "enterprise_number",
    f"{FORUM}device_manufacturer_oui": "device_oui",
    f"{FORUM}device_serial_number": "device_serial_number",
    f"{FORUM}device_product_class": "product_class",
    f"{CABLE}device_type": "product_class",
    f"{CABLE}serial_number": "device_serial_number",
    f"{CABLE}hardware_version": "device_hardware_version",
    f"{CABLE}software_version": "device_software_version",
    f"{CABLE}oui_bytes": "device_oui",
    f"{CABLE}model_number": "device_model",
    f"{CABLE}vendor_name10": "device_manufacturer",
}
ACK = "5"


def dhcp_claims(column: str, printed: str) -> set[tuple[str, str]]:
    """What is to be claimed of a column of tshark's."""
    field = f"dhcp.{DHCP[column]}"
    values = [value for value in printed.split("|") if value]
    if DHCP[column] == "parameter_list":
        values = [",".join(values)] if values else []
    elif column.startswith(FORUM) and DHCP[column] == "device_oui":
        # It makes a number of the six digits, which is 0 where there are none.
        values = [f"{int(value):06X}" for value in values if value != "0"]
    elif DHCP[column] == "device_oui":
        values = [value.replace(":", "") for value in values]
    return {(field, value) for value in values}


def dhcp_values(capture: Path) -> Claims:
    """What the clients that were given an address said in the same transaction."""
    columns = ["dhcp.id", "dhcp.hw.mac_addr", "dhcp.ip.your", "dhcp.option.dhcp", *DHCP]
    fields = [word for column in columns for word in ("-e", column)]
    how = ("-Y", "dhcp", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|")
    said: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    given = {}
    for line in tshark("dhcp.* claims", capture, *how, *fields):
        xid, macs, address, kind, *values = line.split("\t")
        mac = macs.split("|")[0]  # the same may stand in the client's identifier
        if kind == ACK:
            given[xid, mac] = address
        elif kind in ("1", "3", "8"):
            for column, printed in zip(DHCP, values, strict=True):
                said[xid, mac] |= dhcp_claims(column, printed)
    return {(host, *claim) for key, host in given.items() for claim in said[key]}


@pytest.mark.parametrize(
    ("name", "least"), [("hospital.pcap", 40), ("evidence.pcap", 4), ("agents.pcap", 20)]
)
def test_dhcp(run_zeek: Any, name: str, least: int) -> None:
    """What tshark reads of a client is claimed of its address, and nothing else."""
    capture = TRACES / name
    run = run_zeek(capture=capture)
    run.assert_quiet()
    expected = dhcp_values(capture)
    assert len(expected) >= least
    fields = {f"dhcp.{name}" for name in DHCP.values()}
    assert {claim for claim in run.claims("dhcp.") if claim[1] in fields} == expected
