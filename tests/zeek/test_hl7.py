"""HL7 messages: senders, receivers and the devices they tell of, in every framing and split."""

from __future__ import annotations

import itertools
from runpy import run_path
from typing import Any

import pytest
from zeek.conftest import SHARED_TRACES, TRACES, write_pcap

MESSAGES = run_path(str(TRACES / "hl7_messages.py"))
CLIENT, SERVER = "10.1.0.1", "10.1.0.2"
EUI = "0009FBFFFE9B42B3"
HEAD = r"MSH|^~\&|SENDER|MAKER|||2026||ORU^R01|1|P|2.6"
ACK = r"MSH|^~\&|ENGINE|HOSPITAL|SENDER|MAKER|2026||ACK^R01|1|P|2.6" + "\rMSA|AA|1\r"
MDS = "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||"


def framed(text: str) -> bytes:
    """Return a message in MLLP."""
    return b"\x0b" + text.encode() + b"\x1c\r"


def about(run: Any, host: str = CLIENT) -> dict[str, dict[str, str]]:
    """Return the HL7 claims of a host by the device that they are about; "" is itself."""
    found: dict[str, dict[str, str]] = {}
    for row in run.rows("iomt_asset"):
        if row["host"] == host and row["source"] == "hl7":
            of = found.setdefault(row.get("subject", ""), {})
            of[row["field"].removeprefix("hl7.")] = row["value"]
    return found


def message(*segments: str, head: str = HEAD) -> str:
    """Return a message of a header and some segments."""
    return "\r".join((head, *segments, ""))


@pytest.mark.parametrize("segment", [1448, 61, 7, 1])
def test_direct_monitor(run_zeek: Any, capture: Any, segment: int) -> None:
    """Every split yields the monitor, not its module; the acknowledgement names the receiver."""
    parts = [(True, framed(MESSAGES["monitor"]())), (False, framed(ACK))]
    run = run_zeek(capture=capture(parts, segment=segment))
    run.assert_quiet()
    assert about(run) == {
        "": {
            "sending_application": "MONITOR",
            "sending_facility": "WARD 7",
            "profile": MESSAGES["PCD_01"],
        },
        f"eui64:{EUI}": {
            "equipment_instance": "7f2586c7-0506-46cd-a612-000000000001-IntelliVue MX500 - 866064",
            "eui": EUI,
            "mac": "00:09:fb:9b:42:b3",
            "system_type": "69965",
            "serial_number": "DE90000001",
            "software_versions": "N.01.22&A",
        },
    }
    assert about(run, SERVER) == {
        "": {"received": "ORU", "receiving_application": "ENGINE", "receiving_facility": "HOSPITAL"}
    }
    [line] = run.rows("hl7")
    assert (line["framing"], line["messages"], line["acknowledgements"]) == ("mllp", 1, 1)
    assert line["message_types"] == ["ACK^R01=1", "ORU^R01=1"]
    assert line["subjects"] == [f"eui64:{EUI}"]
    assert (line["receiving_application"], line["receiving_facility"]) == ("ENGINE", "HOSPITAL")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("framing", ["mllp", "bare"])
@pytest.mark.parametrize("name", ["monitor", "medfusion", "analyser"])
def test_line_ends_and_framing(
    run_zeek: Any, capture: Any, name: str, framing: str, end: str
) -> None:
    """Senders that leave out MLLP's bytes or end lines otherwise tell the same, twice in a row."""
    text = MESSAGES[name]()
    sent = text.replace("\r", end).encode()
    one = b"\x0b" + sent + b"\x1c\r" if framing == "mllp" else sent
    run = run_zeek(capture=capture([(True, one), (False, framed(ACK)), (True, one)], segment=90))
    plain = run_zeek(capture=capture([(True, framed(text))], "plain.pcap"))
    run.assert_quiet()
    assert about(run) == about(plain) != {}
    [line] = run.rows("hl7")
    assert (line["messages"], line["framing"]) == (2, framing)


def test_pumps_behind_a_gateway(run_zeek: Any, capture: Any) -> None:
    """Each pump is a subject of its own; the gateway itself is none of them."""
    sent = b"".join(framed(MESSAGES["pump"](number % 3, number)) for number in range(9))
    run = run_zeek(capture=capture([(True, sent)]))
    run.assert_quiet()
    found = about(run)
    assert found.pop("") == {
        "sending_application": "PAT_DEVICE_BBRAUN^0012211839000001^EUI-64",
        "sending_facility": "BBRAUN",
        "profile": MESSAGES["PCD_01"],
    }
    assert found == {
        f"uuid:{system}": {
            "equipment_instance": f"{label}^^0012210000000000^EUI-64",
            "equipment_identifier": label,
            "system_id": system,
            "system_type": "70053",
            "model": MESSAGES["PUMP_MODEL"],
            "firmware_versions": "012U000093",
        }
        for system, label in MESSAGES["PUMPS"]
    }
    # Each is told once, however many messages repeat it.
    rows = [row for row in run.rows("iomt_asset") if row["field"] == "hl7.model"]
    assert len(rows) == 3


def test_separators_and_manufacturer(run_zeek: Any, capture: Any) -> None:
    """Other separators are brought into the usual form; model and maker are taken apart."""
    run = run_zeek(capture=capture([(True, framed(MESSAGES["medfusion"]()))]))
    run.assert_quiet()
    found = about(run)
    assert found[""]["sending_application"] == "Smiths Medical^001A010000000001^EUI-64"
    assert found["serial:2000901^Medfusion 4000^001A010000000001"] == {
        "equipment_instance": "2000901^Medfusion 4000^001A010000000001^EUI-64",
        "equipment_identifier": "2000901",
        "system_type": "69985",
        "manufacturer": "Smiths Medical",
        "model": "Medfusion 4000",
    }


def test_analyser(run_zeek: Any, capture: Any) -> None:
    """An analyser's repeated instance is model and serial number; a UDI with one is a subject."""
    run = run_zeek(capture=capture([(True, framed(MESSAGES["analyser"]()))]))
    run.assert_quiet()
    found = about(run)
    assert found["serial:Abbott^Alinity m^M90001"] == {
        "equipment_instance": "Alinity m^Abbott~M90001^Abbott",
        "manufacturer": "Abbott",
        "model": "Alinity m",
        "serial_number": "M90001",
    }
    assert found["udi:(01)00884838012345(21)M90001"] == {
        "udi": "(01)00884838012345(21)M90001",
        "device_identifier": "00884838012345",
        "serial_number": "M90001",
    }
    assert len(found) == 3


@pytest.mark.parametrize(
    ("segments", "subjects"),
    [
        (("EQU|A1^LINE",), {"serial:A1^LINE"}),
        (("OBR|1|X|080019FFFE134535^VSP^^EUI-64",), {"eui64:080019FFFE134535"}),
        (("OBR|1|ORDER-1|4711^LAB^001A010000000001^EUI-64",), set()),
        ((MDS, "OBX|2|NM|1^MDC_X^MDC|1.2.1.1|9||||||R|||||||080019FFFE134535^B1X5"),
         {"eui64:080019FFFE134535"}),
        ((MDS + "^^080019FFFE134535^EUI-64",), {"eui64:080019FFFE134535"}),
        ((MDS + "^^0800190000000000^EUI-64",), set()),
        ((MDS + "000000000000^^^MAC",), set()),
        ((MDS + "0800191345AA^^^MAC",), {"mac:08:00:19:13:45:aa"}),
        ((MDS, "OBX|2|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.0.0.1|S-1",
          "OBX|3|ST|531970^MDC_ID_MODEL_MANUFACTURER^MDC|1.0.0.2|Acme"), {"serial:Acme^^S-1"}),
        ((MDS, "OBX|2|ST|531972^Weight^LN|1.0.0.1|SECRET"), set()),
        ((MDS, "OBX|2|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.3.0.1|MODULE"), set()),
        (("PRT|1|UC||EQUIP||||||(01)00884838012345",), set()),
        (("PRT|1|UC||RO^Orderer||||||PERSON",), set()),
        (("PRT|1|UC||EQUIP|||||||||||||00884838012345||||S-1",), set()),
        (("PRT|1|UC||EQUIP||||||||||||00884838012345||||S-1",), {"udi:00884838012345^S-1"}),
        (("PID|1||OBX|2",), set()),
        (('OBX|1|ST|1^A^L||x|||||||||||||""',), set()),
    ],
)  # fmt: skip
def test_subjects(
    run_zeek: Any, capture: Any, segments: tuple[str, ...], subjects: set[str]
) -> None:
    """What identifies a device, and what does not."""
    run = run_zeek(capture=capture([(True, framed(message(*segments)))]))
    run.assert_quiet()
    assert about(run).keys() - {""} == subjects
    logged = b"".join(path.read_bytes() for path in run.directory.glob("*.log"))
    assert not [word for word in (b"SECRET", b"PERSON", b"ORDER-1", b"4711") if word in logged]


def test_escapes(run_zeek: Any, capture: Any) -> None:
    """Escapes are resolved, formatting and nulls are left out."""
    head = r'MSH|^~\&|A\T\B\X2D\C\.br\D\H\E|""|||2026||ORU^R01|1|P|2.6'
    run = run_zeek(capture=capture([(True, framed(message(head=head)))]))
    run.assert_quiet()
    assert about(run) == {"": {"sending_application": "A&B-CDE"}}


@pytest.mark.parametrize("length", [300, 3000, 5000, 400_000])
def test_long_values_are_stepped_over(run_zeek: Any, capture: Any, length: int) -> None:
    """A report in the message hides nothing, however long."""
    value = "OBX|1|ED|REPORT^PDF^L||" + "Q" * length + "||||||F"
    note = "NTE|1||" + "Q" * length
    text = message(note, value, MDS + f"{EUI}^X", note)
    run = run_zeek(capture=capture([(True, framed(text) * 2)]))
    run.assert_quiet()
    assert about(run)[f"eui64:{EUI}"]["system_type"] == "69965"
    assert run.rows("hl7")[0]["messages"] == 2


@pytest.mark.parametrize("lost", [0, 1])
def test_from_the_middle(run_zeek: Any, capture: Any, lost: int) -> None:
    """Without its start, a session is recognised by the next message, whoever speaks first."""
    tail = "PID|1||12345||CANARY^PATIENT\rOBX|9|ST|1^X^L||CANARY\r"
    cut = tail.encode() + b"\x1c\r"
    rest = [(True, framed(MESSAGES["monitor"]())), (False, framed(ACK))] * 2
    parts = [(True, cut), *rest] if lost else [(False, cut), *rest]
    run = run_zeek(capture=capture(parts, handshake=False))
    run.assert_quiet()
    monitors = [host for host in (CLIENT, SERVER) if f"eui64:{EUI}" in about(run, host)]
    assert monitors == [CLIENT]
    assert b"CANARY" not in b"".join(path.read_bytes() for path in run.directory.glob("*.log"))


@pytest.mark.parametrize("side", [True, False])
@pytest.mark.parametrize("handshake", [True, False])
def test_one_side_only(run_zeek: Any, capture: Any, side: bool, handshake: bool) -> None:
    """A capture of one direction ends quietly, and tells what that direction says."""
    parts = [(True, framed(MESSAGES["monitor"]())), (False, framed(ACK))] * 3
    run = run_zeek(capture=capture(parts, one_sided=side, handshake=handshake))
    run.assert_quiet()
    if side:
        assert f"eui64:{EUI}" in about(run)
    elif run.rows("hl7"):
        named = [about(run, host).get("", {}) for host in (CLIENT, SERVER)]
        assert any(name.get("receiving_application") == "ENGINE" for name in named)


def test_a_session_that_lasts(run_zeek: Any, conversation: Any, tmp_path: Any) -> None:
    """A line is written each hour, with that hour's counts."""
    parts = list(itertools.chain.from_iterable(
        [(True, framed(MESSAGES["pump"](n % 3, n))), (False, framed(ACK))] for n in range(30)
    ))  # fmt: skip
    path = write_pcap(tmp_path / "long.pcap", conversation().packets(parts))
    run = run_zeek(capture=path, script="redef HL7::log_interval = 20msec;")
    run.assert_quiet()
    lines = run.rows("hl7")
    assert len(lines) > 2
    assert sum(line["messages"] for line in lines) == 30
    assert sum(line["acknowledgements"] for line in lines) == 30
    assert all(line["subjects"] for line in lines)


def test_many_devices_are_bounded(run_zeek: Any, capture: Any) -> None:
    """A message of very many devices is read as far as a limit."""
    many = [f"OBX|{n}|ST|1^A^L||x|||||||||||||DEV-{n}^ACME" for n in range(3000)]
    run = run_zeek(capture=capture([(True, framed(message(*many)))]))
    run.assert_quiet()
    assert len(about(run)) == 33
    assert len(run.rows("hl7")[0]["subjects"]) == 32


def test_segments_without_number_are_bounded(run_zeek: Any, capture: Any) -> None:
    """What is beyond a second's share is passed over; the next second's messages are read."""
    flood = framed(message(*["A"] * 5000, MDS + "0800191345AA^^^MAC"))
    pause = [(False, b"x")] * 1100
    parts = [(True, flood), *pause, (True, framed(MESSAGES["monitor"]()))]
    run = run_zeek(capture=capture(parts), script="redef HL7::max_segments = 2000;")
    run.assert_quiet()
    assert about(run).keys() == {"", f"eui64:{EUI}"}


@pytest.mark.parametrize(
    "data",
    [
        b"MSH|^~\\&|", b"MSHA^~\\&|A|B", b"\x0bMSH|^~\\&|A|B|C|D|E|F|hello there|1|P|x\r",
        b"MSH|^~\\&|A|B|C|D|E|F|ORU|1|P|hello\r", b"MSH...... a log line\r\n" * 90,
        b"\x0b\x0b\x0bMSH#####\r\n", b"\x1c\r\x0bMSHHHHHHH", b"MSH||||||||||||||||||\r",
    ],
)  # fmt: skip
def test_what_is_no_message(run_zeek: Any, capture: Any, data: bytes) -> None:
    """What only begins like a header is not recognised."""
    run = run_zeek(capture=capture([(True, data), (False, b"+OK\r\n"), (True, b"x" * 3000)]))
    run.assert_quiet()
    assert not run.rows("hl7")
    assert not run.claims("hl7.")


@pytest.mark.parametrize("path", sorted((SHARED_TRACES.parent / "messages").glob("*.hl7")),
                         ids=lambda path: path.stem)  # fmt: skip
def test_public_messages(run_zeek: Any, capture: Any, path: Any) -> None:
    """Messages of real senders are recognised, with who sends them or what they tell of."""
    text = "\r".join(path.read_text(encoding="utf-8").strip("\x0b\x1c\r\n").splitlines())
    run = run_zeek(capture=capture([(True, framed(text + "\r"))]))
    run.assert_quiet()
    [line] = run.rows("hl7")
    assert line["messages"] == 1
    identified = ("alinity", "bbraun", "ge_", "philips", "cobas_pure", "smiths")
    assert bool(line["subjects"]) is any(name in path.stem for name in identified)
