"""HL7 v2 in MLLP, ASTM records in frames, bare and in MLLP, and POCT1-A: over plain sockets."""

from __future__ import annotations

import socket
from typing import Any
from xml.sax.saxutils import quoteattr

from accuracy.stage import Turn, inside, serving

HL7_PORT, ASTM_PORT, POCT_PORT = 2575, 4001, 4002
WHEN = "20260115101500"
PATIENT = (
    "PID|1||P4711^^^HOSPITAL^MR||Doe^Jamie||19700101|U",
    "PV1|1|I|ICU^^BED 7",
)
RECORDS = ("P|1||P4711||Doe^Jamie||19700101|U", "O|1|S4711||^^^GLU|R", "R|1|^^^GLU|5.4|mmol/L",
           "L|1|N")  # fmt: skip


def hl7(turn: Turn) -> None:
    """Send messages, all on one connection."""
    texts = [message(values) for values in turn.steps for _ in range(values.get("count", 1))]
    inside(turn.host, _mllp, turn.stage.engine.ip, HL7_PORT, texts)


def hl7_serve(turn: Turn) -> None:
    """Take messages in and acknowledge them under our own name; a station of the site sends."""
    for values in turn.steps:
        port = values.get("port", HL7_PORT)
        serving(
            turn.host, port, engine, turn.host.ip, port, values["app"], values.get("facility", "")
        )
        inside(turn.stage.reader, _mllp, turn.host.ip, port, [message(values["from"])])


def message(values: dict[str, Any]) -> str:
    """Write a message from its header's fields and its segments."""
    version, kind = values.get("version", "2.6"), values.get("kind", "ORU^R01^ORU_R01")
    receiver = values.get("receiver", "ENGINE|HOSPITAL")
    head = rf"MSH|^~\&|{values.get('app', '')}|{values.get('facility', '')}|{receiver}|{WHEN}"
    number = values.get("control", "4711")
    charset = values.get("charset", "UNICODE UTF-8")
    head += f"||{kind}|{number}|P|{version}|||AL|NE||{charset}|||{values.get('profile', '')}"
    patient = () if values.get("nobody") else PATIENT
    return "\r".join((head, *patient, *values.get("segments", ()), ""))


def _mllp(address: str, port: int, texts: list[str]) -> None:
    with socket.create_connection((address, port), timeout=10) as peer:
        for text in texts:
            peer.sendall(b"\x0b" + text.encode() + b"\x1c\r")
            if b"MSA" not in peer.recv(8192):
                raise ConnectionError("no acknowledgement")


def engine(address: str, port: int, app: str, facility: str) -> None:
    """Acknowledge every message, until killed."""
    said = rf"MSH|^~\&|{app}|{facility}|||{WHEN}||ACK|1|P|2.5" + "\rMSA|AA|4711\r"
    _answer(address, port, b"\x1c", b"\x0b" + said.encode() + b"\x1c\r")


def astm(turn: Turn) -> None:
    """Send a result: header, patient, order, result, terminator."""
    for values in turn.steps:
        inside(turn.host, _astm, turn.stage.laboratory.ip, values)


def _astm(address: str, values: dict[str, Any]) -> None:
    marks = values.get("delimiters", r"\^&")
    head = values.get("header") or (
        f"H|{marks}|||{values['sender']}|||||{values.get('receiver', '')}||P|"
        f"{values.get('standard', '1')}|{WHEN}"
    )
    records = [head, *values.get("records", RECORDS)]
    how = values.get("framing", "frames")
    text = "\r".join([*records, ""]).encode()
    pieces = {
        "frames": [b"\x05", *(_frame(at, one) for at, one in enumerate(records, 1)), b"\x04"],
        "bare": [text],
        "mllp": [b"\x0b" + text + b"\x1c\r"],
        "envelope": [b"\x01" + text + b"\x04"],
    }[how]
    with socket.create_connection((address, ASTM_PORT), timeout=10) as peer:
        for piece in pieces:
            peer.sendall(piece)
            if piece != b"\x04":
                peer.recv(64)


def _frame(number: int, text: str) -> bytes:
    body = f"{number % 8}{text}\r\x03".encode()
    return b"\x02" + body + f"{sum(body) % 256:02X}\r\n".encode()


def laboratory(address: str, port: int) -> None:
    """Say ACK to everything but the end, until killed."""
    _answer(address, port, b"", b"\x06")


def poct1a(turn: Turn) -> None:
    """Greet and report, every device on the one connection of its concentrator."""
    inside(turn.host, _poct1a, turn.stage.laboratory.ip, turn.steps)


def _poct1a(address: str, steps: list[dict[str, Any]]) -> None:
    with socket.create_connection((address, POCT_PORT), timeout=10) as peer:
        for values in steps:
            for text in (_hello(values), _observation()):
                peer.sendall(text.encode())
                peer.recv(4096)


def _hello(values: dict[str, Any]) -> str:
    head = ('<HDR><HDR.message_type V="HEL.R01" SN="POCT1" SV="1"/><HDR.control_id V="1"/>'
            '<HDR.version_id V="POCT1"/><HDR.creation_dttm V="2026-01-15T10:15:00-05:00"/></HDR>'
            )  # fmt: skip
    device = "".join(f"<DEV.{key} V={quoteattr(str(v))}/>" for key, v in values.items())
    return (f'<?xml version="1.0" encoding="utf-8"?><HEL.R01>{head}<DEV>{device}'
            '<DSC><DSC.connection_profile_cd V="SA"/></DSC></DEV></HEL.R01>')  # fmt: skip


def _observation() -> str:
    return ('<OBS.R01><HDR><HDR.control_id V="2"/><HDR.version_id V="POCT1"/></HDR><SVC><PT>'
            '<PT.patient_id V="P4711"/><OBS><OBS.value V="5.4" U="mmol/L"/></OBS></PT></SVC>'
            "</OBS.R01>")  # fmt: skip


def manager(address: str, port: int) -> None:
    """Acknowledge every document of POCT1-A, until killed."""
    said = (b'<ACK.R01><HDR><HDR.version_id V="POCT1"/></HDR><ACK><ACK.type_cd V="AA"/></ACK>'
            b"</ACK.R01>")  # fmt: skip
    _answer(address, port, b".R01>", said)


def _answer(address: str, port: int, end: bytes, said: bytes) -> None:
    with socket.create_server((address, port), backlog=32) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                while heard := peer.recv(65536):
                    if heard.strip(b"\r\n").endswith(end) and heard != b"\x04":
                        peer.sendall(said)
