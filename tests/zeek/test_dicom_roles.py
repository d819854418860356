"""Services, who uses and who provides them; log-ins; the steps that a modality performs."""

from __future__ import annotations

import random
import runpy
import shutil
from pathlib import Path
from typing import Any

import pydicom
import pytest
from zeek.dicom_bytes import (
    BIG_ENDIAN,
    CANARY,
    CLIENT,
    CT,
    EXPLICIT,
    GATEWAY_SAYS,
    IMPLICIT,
    SERVER,
    VERIFICATION,
    agreed,
    asks,
    associate,
    command,
    contributor,
    described,
    encoded,
    fragment,
    item,
    opened,
    said,
    scan,
    stored,
    unit,
)
from zeek.test_hostile import conversations, mutants, shortened
from zeek.test_traces import tshark_associations

TRACES = Path(__file__).parents[1] / "traces"
CAPTURE = TRACES / "dicom-roles.pcap"
PLANNER, BROKER, ARCHIVE, MODALITY, VIEWER, GATEWAY = (f"10.20.1.{n}" for n in range(11, 17))
STEP = "1.2.840.10008.3.1.2.3.3"
WORKLIST = "1.2.840.10008.5.1.4.31"
COMMITMENT = "1.2.840.10008.1.20.1"
TAKEN_IN = {"dicom.received": "N-CREATE"}


def test_capture(run_zeek: Any) -> None:
    """Each host has the roles that its programs played, and no other."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    roles = {(host, value) for host, field, value in run.claims("dicom.role")}
    step = "performed procedure step"
    assert roles == {
        (MODALITY, "worklist SCU"),
        (PLANNER, "worklist SCP"),
        (MODALITY, f"{step} SCU"),
        (BROKER, f"{step} SCP"),
        (BROKER, f"{step} SCU"),
        (PLANNER, f"{step} SCP"),
        (MODALITY, "storage SCU"),
        (MODALITY, "storage commitment SCU"),
        (ARCHIVE, "storage commitment SCP"),
        (GATEWAY, "storage SCU"),
        (ARCHIVE, "storage SCP"),
        (VIEWER, "verification SCU"),
        (ARCHIVE, "verification SCP"),
        (VIEWER, "query SCU"),
        (ARCHIVE, "query SCP"),
        (VIEWER, "C-GET SCU"),
        (ARCHIVE, "C-GET SCP"),
        (VIEWER, "C-MOVE SCU"),
        (ARCHIVE, "C-MOVE SCP"),
        (ARCHIVE, "storage SCU"),
        (VIEWER, "storage SCP"),
    }
    assert run.claims("dicom.user_identity") == {
        (GATEWAY, "dicom.user_identity", "username and passcode")
    }
    lines = {row["calling_ae"]: row.get("user_identity") for row in run.rows("dicom")}
    assert lines["GATEWAY"] == "username and passcode"
    assert lines["MODALITY"] is None


def test_who_is_in_between(run_zeek: Any) -> None:
    """Broker, planner, gateway and archive are told to be no maker; the modality is not."""
    run = run_zeek(capture=CAPTURE)
    assert {(host, value) for host, _, value in run.claims("dicom.intermediary")} == {
        (BROKER, "performed procedure step SCP"),
        (PLANNER, "performed procedure step SCP"),
        (GATEWAY, "modifying equipment"),
        (ARCHIVE, "modifying equipment"),
    }
    told = described(run, GATEWAY)
    assert len(told) == 2
    assert GATEWAY_SAYS in told.values()
    # The modality and the broker, which uses its title, report the same step of one subject.
    performed = {
        "dicom.performed_station_ae_title": "MODALITY",
        "dicom.performed_station_name": "CT_ROOM_1",
        "dicom.performed_modality": "CT",
    }
    [subject] = [s for s, about in described(run, MODALITY).items() if about == performed]
    assert described(run, BROKER) == {subject: performed | TAKEN_IN}
    assert described(run, PLANNER) == {subject: TAKEN_IN}


def test_nothing_of_the_patient(run_zeek: Any) -> None:
    """Neither of orders, steps, queries and images nor of who is logged in."""
    canaries = runpy.run_path(str(TRACES / "canaries.py"))
    planted = [w for w in canaries["CANARIES"] if w.encode() in CAPTURE.read_bytes()]
    assert {canaries["USERNAME"], canaries["PASSCODE"]} <= set(planted)
    assert len(planted) > 30
    run = run_zeek(capture=CAPTURE)
    for log in run.directory.glob("*.log"):
        text = log.read_text("utf-8").lower()
        assert not [word for word in planted if word.lower() in text]


def test_tshark_agrees(run_zeek: Any) -> None:
    """Every association of the capture is in dicom.log as tshark dissects it."""
    if shutil.which("tshark") is None:
        pytest.skip("Not run: tshark is not installed, dicom.log was not compared with it")
    rows = run_zeek(capture=CAPTURE).rows("dicom")
    keys = ["calling_ae", "called_ae", "requester_implementation_uid"]
    keys += ["requester_implementation_version", "acceptor_implementation_uid"]
    keys += ["acceptor_implementation_version", "result"]
    seen = tshark_associations(CAPTURE, {row["id.resp_p"] for row in rows})
    assert sum(seen.values()) == 13
    assert {tuple(row.get(key, "") for key in keys) for row in rows} == set(seen)
    assert len(rows) == sum(seen.values())


@pytest.mark.parametrize(
    ("status", "answers_well"), [(0xFF00, True), (0, True), (0x0122, False), (0xA700, False)]
)
def test_who_answers_well_provides(
    run_zeek: Any, capture: Any, status: int, answers_well: bool
) -> None:
    """A service is provided by who has answered well; the answer need not name the class."""
    ask = command(
        AffectedSOPClassUID=WORKLIST, CommandField=0x20, MessageID=1, CommandDataSetType=0
    )
    answer = command(
        CommandField=0x8020, MessageIDBeingRespondedTo=1, CommandDataSetType=0x101, Status=status
    )
    run = run_zeek(capture=capture([*agreed(WORKLIST), said(True, ask), said(False, answer)]))
    run.assert_quiet()
    provider = {(SERVER, "dicom.role", "worklist SCP")} if answers_well else set()
    assert run.claims("dicom.role") == {(CLIENT, "dicom.role", "worklist SCU")} | provider


def test_events_are_reported_by_the_provider(run_zeek: Any, capture: Any) -> None:
    """Who asks for an association to report on commitment is its provider."""
    ask = command(
        AffectedSOPClassUID=COMMITMENT, CommandField=0x100, MessageID=1, CommandDataSetType=0x101
    )
    answer = command(
        CommandField=0x8100, MessageIDBeingRespondedTo=1, CommandDataSetType=0x101, Status=0
    )
    run = run_zeek(capture=capture([*agreed(COMMITMENT), said(True, ask), said(False, answer)]))
    run.assert_quiet()
    assert run.claims("dicom.role") == {
        (CLIENT, "dicom.role", "storage commitment SCP"),
        (SERVER, "dicom.role", "storage commitment SCU"),
    }


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 99])
def test_user_identity(run_zeek: Any, capture: Any, kind: int) -> None:
    """The type of an identity is told, and nothing of it."""
    secret = item(0x58, bytes([kind, 1, 0, 6]) + b"Canary" + b"\x00\x06Canary")
    request = associate(1, [asks(1, CT, EXPLICIT)], "ASKER_1", secret)
    run = run_zeek(capture=capture([(True, request), opened()[1]], segment=50))
    run.assert_quiet()
    names = ["username", "username and passcode", "Kerberos ticket", "SAML assertion"]
    name = dict(enumerate([*names, "JSON web token"], 1)).get(kind, "unknown-type-99")
    assert run.rows("dicom")[0]["user_identity"] == name
    assert run.claims("dicom.user_identity") == {(CLIENT, "dicom.user_identity", name)}
    assert run.rows("dicom")[0]["requester_implementation_version"] == "ASKER_1"
    for log in run.directory.glob("*.log"):
        assert b"Canary" not in log.read_bytes()


def step(transfer: str, **changes: Any) -> bytes:
    """A step that the scanner performs, with a patient in it."""
    dataset = pydicom.Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.Modality = "CT"
    dataset.PatientName = CANARY
    dataset.PerformedStationAETitle = "SCANNER"
    dataset.PerformedStationName = "ROOM 1"
    dataset.PerformedLocation = "Canary ward"
    for name, value in changes.items():
        setattr(dataset, name, value)
    whole: bytes = encoded(dataset, transfer)
    return whole[:-20000]  # no pixels


def reported(data: bytes, status: int = 0, transfer: str = EXPLICIT) -> list[tuple[bool, bytes]]:
    """An N-CREATE of a step, and its answer."""
    ask = command(AffectedSOPClassUID=STEP, CommandField=0x140, MessageID=7, CommandDataSetType=0)
    answer = command(
        AffectedSOPClassUID=STEP,
        CommandField=0x8140,
        MessageIDBeingRespondedTo=7,
        CommandDataSetType=0x101,
        Status=status,
    )
    pieces = [data[at : at + 100] for at in range(0, len(data), 100)]
    return [
        *agreed(STEP, transfer),
        said(True, ask),
        *(
            (True, unit(4, fragment(1, piece, last=n == len(pieces) - 1)))
            for n, piece in enumerate(pieces)
        ),
        said(False, answer),
    ]


@pytest.mark.parametrize("segment", [1448, 7])
@pytest.mark.parametrize("transfer", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_step(run_zeek: Any, capture: Any, transfer: str, segment: int) -> None:
    """The station that performs a step, by its own report; who takes it in is none."""
    parts = reported(step(transfer), transfer=transfer)
    run = run_zeek(capture=capture(parts, segment=segment))
    run.assert_quiet()
    [subject] = run.rows("dicom")[0]["subjects"]
    assert described(run, CLIENT) == {
        subject: {
            "dicom.performed_station_ae_title": "SCANNER",
            "dicom.performed_station_name": "ROOM 1",
            "dicom.performed_modality": "CT",
        }
    }
    assert described(run, SERVER) == {subject: TAKEN_IN}
    assert run.claims("dicom.intermediary") == {
        (SERVER, "dicom.intermediary", "performed procedure step SCP")
    }
    for log in run.directory.glob("*.log"):
        assert b"Canary" not in log.read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"PerformedStationAETitle": "SOMEBODY_ELSE"},
        {"PerformedStationAETitle": ""},
        {"PerformedStationName": "", "Modality": ""},
    ],
)
def test_steps_of_others(run_zeek: Any, capture: Any, changes: dict[str, str]) -> None:
    """A broker that reports under its own title is not what performs the step."""
    run = run_zeek(capture=capture(reported(step(EXPLICIT, **changes))))
    run.assert_quiet()
    assert described(run, CLIENT) == {}
    assert run.rows("dicom")[0]["operations"] == ["N-CREATE=1"]


def test_refused_step(run_zeek: Any, capture: Any) -> None:
    """Who refuses a step has not taken it in."""
    run = run_zeek(capture=capture(reported(step(EXPLICIT), status=0x0110)))
    run.assert_quiet()
    assert len(described(run, CLIENT)) == 1
    assert described(run, SERVER) == {}
    assert not run.claims("dicom.intermediary")


def test_damaged_conversations(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Every service with its bytes damaged: nothing to report, and some of it is still DICOM."""
    originals = [shortened(parts) for parts in conversations(CAPTURE)]
    originals.append(reported(step(EXPLICIT)))
    originals.append(
        opened() + stored(encoded(scan(ContributingEquipmentSequence=[contributor()]), EXPLICIT))
    )
    run = run_zeek(capture=frames(mutants(originals, conversation, random.Random(31))))  # noqa: S311
    run.assert_quiet()
    assert len(run.rows("dicom")) > 60
    assert run.claims("dicom.role")


def test_verification_alone_is_no_device(run_zeek: Any, capture: Any) -> None:
    """A C-ECHO tells of its service and of nobody's equipment."""
    ask = command(AffectedSOPClassUID=VERIFICATION, CommandField=0x30, CommandDataSetType=0x101)
    run = run_zeek(capture=capture([*agreed(VERIFICATION, IMPLICIT), said(True, ask)]))
    run.assert_quiet()
    assert run.claims("dicom.role") == {(CLIENT, "dicom.role", "verification SCU")}
    assert not [row for row in run.rows("iomt_asset") if "subject" in row]
