"""HL7 in captures of genuine programs and of others, and damaged; tshark agrees."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections import Counter
from runpy import run_path
from typing import Any

import pytest
import yaml
from zeek.conftest import SHARED_TRACES, TRACES
from zeek.test_hostile import LONGEST, conversations, mutants, shortened

MESSAGES = run_path(str(TRACES / "hl7_messages.py"))
CAPTURE = TRACES / "hl7.pcap"
SHARED = ("ndpi-hl7.pcap", "tapirx-HL7-ADT.pcap", "tapirx-HL7-ADT-UDI-OBX.pcap")
UNRELATED = [
    *sorted(path for path in SHARED_TRACES.glob("*.pcap") if path.name not in SHARED),
    *sorted(TRACES.glob("dicom-*.pcap")),
    TRACES / "lab.pcap",
]
ENGINE, EHR, GATEWAY = "10.20.8.40", "10.20.8.41", "10.20.8.11"
MONITOR, ANALYSER, PUMP, DESK = (f"10.20.8.{n}" for n in (12, 13, 14, 15))
PUMPS = {f"uuid:{system}" for system, _ in MESSAGES["PUMPS"]}


def subjects(run: Any) -> dict[str, set[str]]:
    """Return the devices that each host told of."""
    found: dict[str, set[str]] = {}
    for row in run.rows("iomt_asset"):
        if row["source"] == "hl7" and "subject" in row:
            found.setdefault(row["host"], set()).add(row["subject"])
    return found


def test_genuine_traffic(run_zeek: Any) -> None:
    """Each sender's devices are told under its address, and who takes in and passes on."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    assert subjects(run) == {
        GATEWAY: PUMPS,
        ENGINE: PUMPS,
        MONITOR: {f"eui64:{MESSAGES['MONITOR']}"},
        ANALYSER: {"serial:Abbott^Alinity m^M90001", "udi:(01)00884838012345(21)M90001"},
        PUMP: {"serial:2000901^Medfusion 4000^001A010000000001"},
    }
    claims = run.claims("hl7.")
    received = {host for host, field, _ in claims if field == "hl7.received"}
    assert received == {ENGINE, EHR}
    names = {value for host, field, value in claims
             if host == ENGINE and field == "hl7.receiving_application"}  # fmt: skip
    assert names == {"ENGINE", "LIS", "BARE", "WEB-ENGINE"}
    assert (DESK, "hl7.sending_application", "ADT") in claims
    lines = {(row["id.orig_h"], row["id.resp_p"]): row for row in run.rows("hl7")}
    assert len(lines) == len(run.rows("hl7")) == 7
    assert lines[GATEWAY, 6661]["messages"] == lines[GATEWAY, 6661]["acknowledgements"] == 200
    assert Counter(row["framing"] for row in lines.values()) == {"mllp": 4, "http": 2, "bare": 1}


def test_no_patient(run_zeek: Any) -> None:
    """No word of a patient, a person or a result reaches any log; all are on the wire."""
    raw = CAPTURE.read_bytes()
    assert [word for word in MESSAGES["CANARIES"] if word.encode() not in raw] == []
    for json_logs in (True, False):
        run = run_zeek(capture=CAPTURE, json_logs=json_logs)
        run.assert_quiet()
        for path in run.directory.glob("*.log"):
            text = path.read_bytes()
            for word in MESSAGES["CANARIES"]:
                assert word.encode() not in text, f"{word} in {path.name}"
            assert b"QX8" not in text


@pytest.mark.parametrize("name", ["hl7.pcap", "lab.pcap"])
def test_every_claim_is_registered(run_zeek: Any, name: str) -> None:
    """Each field is an entry of fields.yaml, which the connector reads claims by."""
    registry = TRACES.parents[1] / "enrichment" / "wardwatch_enrichment" / "fields.yaml"
    known = yaml.safe_load(registry.read_text(encoding="utf-8"))["fields"].keys()
    run = run_zeek(capture=TRACES / name)
    used = {field for _, field, _ in run.claims() if not field.startswith(("arp.", "conn."))}
    assert len(used) > 5
    assert used <= known


@pytest.mark.parametrize("name", SHARED)
def test_public_captures(run_zeek: Any, public_capture: Any, name: str) -> None:
    """Captures of others: one message, one acknowledgement, and equipment where it is named."""
    run = run_zeek(capture=public_capture(name))
    run.assert_quiet()
    [line] = run.rows("hl7")
    assert (line["messages"], line["acknowledgements"], line["version"]) == (1, 1, "2.3")
    assert line["message_types"] == ["ACK=1", "ADT^A01=1"]
    claims = run.claims("hl7.")
    assert ("10.0.0.155", "hl7.sending_application", "SENDING_APPLICATION") in claims
    assert ("10.0.0.126", "hl7.receiving_application", "RECEIVING_APPLICATION") in claims
    equipment = {value for _, field, value in claims if field == "hl7.equipment_instance"}
    assert equipment == ({"Hospira Plum A+"} if "OBX" in name else set())
    assert b"MOUSE" not in b"".join(path.read_bytes() for path in run.directory.glob("*.log"))


@pytest.mark.parametrize("path", UNRELATED, ids=lambda path: path.stem)
def test_no_false_recognition(run_zeek: Any, path: Any) -> None:
    """No HL7, and in all but its own capture no laboratory protocol, is found in other traffic."""
    run = run_zeek(capture=path)
    assert not run.rows("hl7")
    if path.name != "lab.pcap":
        assert not run.rows("astm")
        assert not run.rows("poct1a")


def tshark_headers(path: Any, ports: set[int]) -> list[tuple[str, dict[int, str]]]:
    """Return each message's sender and header fields, as tshark dissects them."""
    decode = [word for port in sorted(ports) for word in ("-d", f"tcp.port=={port},hl7")]
    done = subprocess.run(
        ["tshark", "-n", "-r", str(path), *decode, "-O", "hl7", "-Y", "hl7"],
        capture_output=True, text=True, check=True, errors="replace",
    )  # fmt: skip
    found: list[tuple[str, dict[int, str]]] = []
    source, header = "", False
    for line in done.stdout.splitlines():
        if seen := re.match(r"Internet Protocol Version 4, Src: ([^,]+),", line):
            source = seen[1]
        elif re.match(r"    [A-Z]", line):
            header = line.startswith("    MSH ")
            found += [(source, {})] if header else []
        elif header and (value := re.match(r"        field (\d+): (.*)$", line)):
            found[-1][1][int(value[1])] = value[2].strip()
    return found


@pytest.mark.parametrize("name", [*SHARED, "hl7.pcap"])
def test_tshark_agrees(run_zeek: Any, public_capture: Any, name: str) -> None:
    """Who sends, what kinds of messages and how many are as tshark reads them."""
    if shutil.which("tshark") is None:
        pytest.skip("Not run: tshark is not installed, hl7.log was not compared with it")
    path = CAPTURE if name == "hl7.pcap" else public_capture(name)
    run = run_zeek(capture=path)
    lines = [row for row in run.rows("hl7") if row["framing"] == "mllp"]
    headers = tshark_headers(path, {row["id.resp_p"] for row in lines})
    kinds: Counter[str] = Counter()
    for row in lines:
        for counted in row["message_types"]:
            kind, _, number = counted.partition("=")
            kinds[kind] += int(number)
    assert kinds == Counter("^".join(fields[9].split("^")[:2]) for _, fields in headers)
    claims = run.claims("hl7.")
    for source, fields in headers:
        role = "receiving" if fields[9].startswith("ACK") else "sending"
        for number, what in ((3, "application"), (4, "facility")):
            if fields.get(number):
                assert (source, f"hl7.{role}_{what}", fields[number]) in claims


@pytest.mark.parametrize("round_", range(3))
def test_damaged_conversations(run_zeek: Any, frames: Any, conversation: Any, round_: int) -> None:
    """Bits flipped, bytes cut, lost, repeated, segments out of order: nothing is reported."""
    originals = [
        shortened([part for part in parts if len(part[1]) < LONGEST])
        for path in (CAPTURE, TRACES / "lab.pcap")
        for parts in conversations(path)
    ]
    chance = random.Random(40 + round_)  # noqa: S311  the same damage in every run
    run = run_zeek(capture=frames(mutants(originals, conversation, chance)))
    run.assert_quiet()
    assert len(run.rows("hl7")) > 40
    assert len(run.rows("astm")) > 20
    assert len(run.rows("poct1a")) > 5
    for row in run.rows("iomt_asset"):
        assert row["value"].isprintable()


def test_a_session_goes_on_after_a_gap(run_zeek: Any, capture: Any) -> None:
    """What was lost is lost; the next message is read, and no half of one is."""
    first = MESSAGES["monitor"]()
    second = first.replace("DE90000001", "DE90000002").replace(
        "0009FBFFFE9B42B3", "0009FBFFFE9B42B4"
    )
    assert first != second
    words = [b"\x0b" + text.encode() + b"\x1c\r" for text in (first, first, second)]
    cuts = [words[0][:100], words[0][100:], words[1][:300], words[1][300:500], words[1][500:]]
    parts = [(True, piece) for piece in (*cuts, words[2])]
    run = run_zeek(capture=capture(parts, lost=frozenset({3})))
    run.assert_quiet()
    serials = {value for _, field, value in run.claims("hl7.") if field == "hl7.serial_number"}
    assert serials == {"DE90000001", "DE90000002"}
    [line] = run.rows("hl7")
    assert [kind.rpartition("=")[2] for kind in line["message_types"]] == ["3"]
