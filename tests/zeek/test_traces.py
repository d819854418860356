"""Genuine traffic: each capture yields exactly the devices that were sent, and tshark agrees."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

TRACES = Path(__file__).parents[1] / "traces"
LISTED = TRACES / "expected.yaml"
EXPECTED: dict[str, dict[str, Any]] = (
    yaml.safe_load(LISTED.read_text(encoding="utf-8"))["captures"] if LISTED.exists() else {}
)
SHARED = ("gen-dcmtk-loopback-cecho-cstore.pcap", "tapirx-dicom-find.pcap")
DEFLATED = "1.2.840.10008.1.2.1.99"
FIELDS = {
    "modality": "dicom.modality",
    "manufacturer": "dicom.manufacturer",
    "station": "dicom.station_name",
    "model": "dicom.manufacturer_model_name",
    "serial_number": "dicom.device_serial_number",
    "udi": "dicom.udi",
}
Identity = tuple[str, frozenset[tuple[str, str]]]


def versions(every: list[str]) -> list[str]:
    """Software versions joined, in as few values of 256 bytes as hold all of them."""
    values: list[str] = []
    for version in every:
        joined = f"{values[-1]}\\{version}" if values else version
        if values and len(joined.encode()) <= 256:
            values[-1] = joined
        else:
            values.append(version)
    return values


def sent(entries: list[dict[str, Any]]) -> set[Identity]:
    """Who sent what, as it is to be told."""
    found = set()
    for entry in entries:
        if entry["transfer_syntax"] == DEFLATED:
            continue
        values = {(field, entry[key]) for key, field in FIELDS.items() if entry[key]}
        software = versions(entry["software_versions"] or [])
        values |= {("dicom.software_versions", value) for value in software}
        for ip in (entry["ip"], *(via["ip"] for via in entry.get("forwarded_by", []))):
            found.add((ip, frozenset(values)))
    return found


def told(run: Any) -> set[Identity]:
    """What each host told of each subject, apart from having received it."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in run.rows("iomt_asset"):
        if "subject" in row and row["field"] != "dicom.received":
            about = found.setdefault((row["host"], row["subject"]), set())
            about.add((row["field"], row["value"]))
    return {(host, frozenset(values)) for (host, _), values in found.items()}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_devices(run_zeek: Any, name: str) -> None:
    """Exactly the devices that were sent are told, each by who sent it; nothing is reported."""
    run = run_zeek(capture=TRACES / name)
    run.assert_quiet()
    expected = sent(EXPECTED[name]["devices"])
    possible = sent(EXPECTED[name].get("possible", []))
    assert told(run) >= expected
    assert told(run) - expected <= possible
    titles = {(host, value) for host, field, value in run.claims() if field == "dicom.ae_title"}
    one_sided = name == "dicom-cut-responder.pcap"
    assert titles >= {(d["ip"], d["ae_title"]) for d in EXPECTED[name]["devices"]} or one_sided


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_receivers(run_zeek: Any, name: str) -> None:
    """A subject is received by those that it was sent to, which are not taken for it."""
    run = run_zeek(capture=TRACES / name)
    ends = {
        (via["ip"], via["to_ip"])
        for device in EXPECTED[name]["devices"] + EXPECTED[name].get("possible", [])
        for via in (device, *device.get("forwarded_by", []))
    }
    received = {
        (row["subject"], row["host"])
        for row in run.rows("iomt_asset")
        if row["field"] == "dicom.received"
    }
    tellers: dict[str, set[str]] = {}
    for row in run.rows("iomt_asset"):
        if "subject" in row and row["field"] != "dicom.received":
            tellers.setdefault(row["subject"], set()).add(row["host"])
    for subject, receiver in received:
        assert any((teller, receiver) in ends for teller in tellers[subject])
    if name in ("hospital.pcap", "dicom-syntaxes.pcap"):
        assert {subject for subject, _ in received} == set(tellers)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_hardware_addresses(run_zeek: Any, name: str) -> None:
    """A hardware address in a row is the host's own."""
    run = run_zeek(capture=TRACES / name)
    own = {entry["ip"]: entry["mac"] for entry in EXPECTED[name].get("hosts", [])}
    own |= {entry["ip"]: entry["mac"] for entry in EXPECTED[name]["devices"]}
    for row in run.rows("iomt_asset"):
        if row["host"] in own and "mac" in row:
            assert row["mac"] == own[row["host"]]
    for host, field, value in run.claims():
        if field in ("arp.mac", "dhcp.mac", "conn.mac") and host in own:
            assert value == own[host]


def test_dhcp_clients(run_zeek: Any) -> None:
    """Each client that was given its address is told with what it said of itself."""
    if "hospital.pcap" not in EXPECTED:
        pytest.skip("Not run: tests/traces/hospital.pcap is not there")
    run = run_zeek(capture=TRACES / "hospital.pcap")
    run.assert_quiet()
    clients = [host for host in EXPECTED["hospital.pcap"]["hosts"] if host["dhcp"]]
    assert clients
    claims = run.claims("dhcp.")
    for host in clients:
        assert (host["ip"], "dhcp.mac", host["mac"]) in claims
        assert (host["ip"], "arp.mac", host["mac"]) in run.claims("arp.")
        for key in ("vendor_class", "client_fqdn"):
            about = (host["ip"], f"dhcp.{key}")
            values = {value for ip, field, value in claims if (ip, field) == about}
            assert values == ({host[key]} if host[key] else set())
    assert {ip for ip, *_ in claims} == {host["ip"] for host in clients}


@pytest.mark.parametrize(
    "name", sorted(name for name in EXPECTED if "canaries" in EXPECTED[name]) or [""]
)
def test_no_patient(run_zeek: Any, name: str) -> None:
    """No word of a patient, a person or a log-in reaches any log."""
    if not name:
        pytest.skip("Not run: no capture with planted patients in tests/traces")
    for json_logs in (True, False):
        run = run_zeek(capture=TRACES / name, json_logs=json_logs)
        run.assert_quiet()
        logs = list(run.directory.glob("*.log"))
        assert {"dicom.log", "iomt_asset.log"} <= {path.name for path in logs}
        for path in logs:
            raw = path.read_bytes().lower()
            for word in EXPECTED[name]["canaries"]:
                assert word.encode().lower() not in raw, f"{word} in {path.name}"


def tshark_associations(capture: Path, ports: set[int]) -> Counter[tuple[str, ...]]:
    """Each association by tshark's dissection: titles, implementations, result."""
    decode = [word for port in sorted(ports) for word in ("-d", f"tcp.port=={port},dicom")]
    columns = ["tcp.stream", "dicom.pdu.type", "dicom.assoc.ae.calling", "dicom.assoc.ae.called"]
    columns += ["dicom.userinfo.uid", "dicom.userinfo.version"]
    fields = [word for column in columns for word in ("-e", column)]
    only = ["-Y", "dicom.pdu.type in {1, 2, 3, 7}", "-T", "fields", "-E", "separator=|"]
    done = subprocess.run(
        ["tshark", "-n", "-r", str(capture), *decode, *only, *fields],
        capture_output=True,
        text=True,
        check=True,
    )
    streams: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        stream, types, calling, called, uid, version = line.split("|")
        about = streams.setdefault(stream, {"result": "unanswered"})
        kind = int(types.split(",")[0], 16)
        if kind == 1:
            about |= {"calling": calling, "called": called, "uid": uid, "version": version}
        elif kind == 2:
            about |= {"result": "accepted", "acceptor_uid": uid, "acceptor_version": version}
        else:
            about["result"] = {3: "rejected", 7: "aborted"}[kind]
    keys = ("calling", "called", "uid", "version", "acceptor_uid", "acceptor_version", "result")
    return Counter(tuple(about.get(key, "").strip() for key in keys) for about in streams.values())


@pytest.mark.parametrize("name", [*SHARED, *sorted(n for n in EXPECTED if "-cut-" not in n)])
def test_tshark_agrees(run_zeek: Any, public_capture: Any, name: str) -> None:
    """Every association is in dicom.log as tshark dissects it, and no other."""
    if shutil.which("tshark") is None:
        pytest.skip("Not run: tshark is not installed, dicom.log was not compared with it")
    capture = public_capture(name) if name in SHARED else TRACES / name
    run = run_zeek(capture=capture)
    run.assert_quiet()
    rows = run.rows("dicom")
    keys = ["calling_ae", "called_ae", "requester_implementation_uid"]
    keys += ["requester_implementation_version", "acceptor_implementation_uid"]
    keys += ["acceptor_implementation_version", "result"]
    ours = Counter(tuple(row.get(key, "") for key in keys) for row in rows)
    assert ours
    assert ours == tshark_associations(capture, {row["id.resp_p"] for row in rows})
