"""What Windows says: browser announcements, and its build in NTLM within SMB 2."""

from __future__ import annotations

import socket
import struct
from typing import Any

from accuracy.stage import Turn, inside, serving

SMB_PORT = 445
MORE_PROCESSING, LOGON_FAILURE = 0xC0000016, 0xC000006D
FLAGS = 0x02888205  # Unicode, request target, NTLM, target info, version
# MS-BRWS 2.2.6: workstation, server, domain controller, NT workstation, NT server.
ROLES = {"workstation": 0x1003, "server": 0x9003, "domain controller": 0x900B}


def netbios(turn: Turn) -> None:
    """Announce the host to the network's browsers, as Windows does."""
    for values in turn.steps:
        inside(turn.host, _browse, turn.host.ip, turn.stage.broadcast, values)


def _browse(address: str, broadcast: str, values: dict[str, Any]) -> None:
    name = values["name"].upper()[:15]
    major, minor = (int(part) for part in values["version"].split("."))
    frame = struct.pack("<BBI", 1, 0, 720_000) + name.encode().ljust(16, b"\0")
    roles = ROLES[values.get("role", "workstation")]
    frame += struct.pack("<BBIBBH", major, minor, roles, 15, 1, 0xAA55) + b"\0"
    mailslot = b"\\MAILSLOT\\BROWSE\0"
    offset = 32 + 1 + 34 + 2 + len(mailslot)
    words = struct.pack("<HHHHBBHIHHHHHBB", 0, len(frame), 0, 0, 0, 0, 0, 1000, 0, 0, 0,
                        len(frame), offset, 3, 0)  # fmt: skip
    words += struct.pack("<HHH", 1, 0, 2)
    smb = b"\xffSMB\x25" + bytes(27) + bytes([17]) + words
    smb += struct.pack("<H", len(mailslot) + len(frame)) + mailslot + frame
    names = _encoded(name, 0x00) + _encoded(values.get("group", "HOSPITAL"), 0x1D)
    head = struct.pack("!BBH4sHHH", 0x11, 0x02, 4711, socket.inet_aton(address), 138,
                       len(names) + len(smb), 0)  # fmt: skip
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        browser.bind((address, 138))
        browser.sendto(head + names + smb, (broadcast, 138))


def _encoded(name: str, suffix: int) -> bytes:
    padded = name.encode().ljust(15)[:15] + bytes([suffix])
    return b"\x20" + b"".join(bytes([65 + (b >> 4), 65 + (b & 15)]) for b in padded) + b"\0"


def smb(turn: Turn) -> None:
    """Log in at a server of the site, or let a station of the site try to log in."""
    for values in turn.steps:
        if values.get("server"):
            serving(turn.host, SMB_PORT, share, turn.host.ip, values)
            inside(turn.stage.reader, _log_in, turn.host.ip, {"name": "", "version": ""})
        else:
            inside(turn.host, _log_in, turn.stage.portal.ip, values)


def share(address: str, values: dict[str, Any]) -> None:
    """Negotiate, challenge, refuse; until killed."""
    with socket.create_server((address, SMB_PORT), backlog=16) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                answers = [
                    (0, 0, _negotiated()),
                    (1, MORE_PROCESSING, _setup_answer(_challenge(values))),
                    (1, LOGON_FAILURE, _setup_answer(b"")),
                ]
                for number, (command, status, body) in enumerate(answers):
                    if not peer.recv(65536):
                        break
                    peer.sendall(_message(command, number, body, status=status, answer=True))


def _log_in(address: str, values: dict[str, Any]) -> None:
    version = values.get("version") or ""
    name = values.get("name", "").upper().encode()
    hello = struct.pack("<8sII16x", b"NTLMSSP\0", 1, FLAGS) + _version(version)
    with socket.create_connection((address, SMB_PORT), timeout=10) as peer:
        bodies = [(0, _negotiate()), (1, _setup(hello)), (1, _setup(_authenticate(name, version)))]
        for number, (command, body) in enumerate(bodies):
            peer.sendall(_message(command, number, body))
            peer.recv(65536)


def _version(version: str) -> bytes:
    if not version:
        return bytes(8)
    major, minor, build = (int(part) for part in version.split("."))
    return struct.pack("<BBH3xB", major, minor, build, 15)


def _challenge(values: dict[str, Any]) -> bytes:
    name, domain = values["name"].upper(), values.get("domain", "HOSPITAL")
    pairs = {2: domain, 1: name, 4: "hospital.example", 3: f"{name.lower()}.hospital.example"}
    info = b"".join(
        struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le")
        for kind, text in pairs.items()
    ) + bytes(4)
    target = domain.encode("utf-16-le")
    head = struct.pack("<8sIHHII8s8x", b"NTLMSSP\0", 2, len(target), len(target), 56, FLAGS,
                       b"\x01\x23\x45\x67\x89\xab\xcd\xef")  # fmt: skip
    head += struct.pack("<HHI", len(info), len(info), 56 + len(target))
    return head + _version(values["version"]) + target + info


def _authenticate(name: bytes, version: str) -> bytes:
    parts = [bytes(24), bytes(24), b"", b"", name.decode().encode("utf-16-le"), b""]
    head, payload = struct.pack("<8sI", b"NTLMSSP\0", 3), b""
    for part in parts:
        head += struct.pack("<HHI", len(part), len(part), 88 + len(payload))
        payload += part
    return head + struct.pack("<I", FLAGS) + _version(version) + bytes(16) + payload


def _message(command: int, number: int, body: bytes, *, status: int = 0,
             answer: bool = False) -> bytes:  # fmt: skip
    head = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, status, command, 1, int(answer), 0,
                       number, 0, 0, 0, bytes(16))  # fmt: skip
    return struct.pack("!I", len(head) + len(body)) + head + body


def _negotiate() -> bytes:
    return struct.pack("<HHHHI16sQH", 36, 1, 1, 0, 0, bytes(16), 0, 0x0210)


def _negotiated() -> bytes:
    fixed = struct.pack("<HHHH16sIIIIQQHHI", 65, 1, 0x0210, 0, bytes(16), 0, 65536, 65536, 65536,
                        0, 0, 128, 0, 0)  # fmt: skip
    return fixed + b"\0"


def _setup(token: bytes) -> bytes:
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token


def _setup_answer(token: bytes) -> bytes:
    return struct.pack("<HHHH", 9, 0, 72, len(token)) + token
