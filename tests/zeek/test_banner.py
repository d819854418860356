"""Hosts that show themselves by a greeting or by broadcasts; never what somebody types."""

from __future__ import annotations

import random
from typing import Any

import pytest
from zeek.udp_frames import damaged, datagram

GREETING = (
    b"\r\nWelcome to the SIGMA Spectrum Diagnostic Terminal\r\n\r\n"
    b"Wireless Battery Module (802.11a/b/g/n)\r\n"
    b"MAC Address: 00-40-9D-00-00-2A SW: 20 D29\r\n"
    b"Sigma Spectrum SN: 7004711 SW: v8.00.01\r\n"
    b"Radio up since: Fri Mar  1 03:14:24 2019\r\n\r\nlogin: "
)
SPECTRUM = {
    ("10.1.0.2", "telnet.banner", "Welcome to the SIGMA Spectrum Diagnostic Terminal"),
    ("10.1.0.2", "spectrum.serial_number", "7004711"),
    ("10.1.0.2", "spectrum.software_version", "v8.00.01"),
    ("10.1.0.2", "spectrum.module_software", "20 D29"),
    ("10.1.0.2", "spectrum.mac", "00:40:9d:00:00:2a"),
}
NEGOTIATION = b"\xff\xfd\x18\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0"
LOGIN = [(True, b"CANARYUSER\r\n"), (False, b"CANARYUSER\r\nPassword: "), (True, b"CANARYPASS\r\n")]
OURS = ("banner.", "ftp.", "telnet.", "spectrum.")


def told(run: Any) -> set[tuple[str, str, str]]:
    """What was claimed here."""
    return {claim for claim in run.claims() if claim[1].startswith(OURS)}


@pytest.mark.parametrize("port", [23, 2023])
@pytest.mark.parametrize("segment", [1448, 7])
def test_spectrum(run_zeek: Any, capture: Any, port: int, segment: int) -> None:
    """An infusion pump's terminal, on any port, and nothing of who logs in."""
    run = run_zeek(capture=capture([(False, GREETING), *LOGIN], server_port=port, segment=segment))
    run.assert_quiet()
    assert told(run) == SPECTRUM
    assert "CANARY" not in (run.directory / "iomt_asset.log").read_text("utf-8")


def test_telnet(run_zeek: Any, capture: Any) -> None:
    """Option negotiation of both sides is no text; a greeting that is a prompt is none."""
    parts = [(False, NEGOTIATION), (True, NEGOTIATION), (False, b"Example OS 4\r\n\r\nlogin: ")]
    run = run_zeek(capture=capture([*parts, *LOGIN], server_port=23))
    run.assert_quiet()
    assert told(run) == {("10.1.0.2", "telnet.banner", "Example OS 4")}
    parts = [(False, NEGOTIATION + b"CANARYHOST login: "), *LOGIN, (False, b"CANARYMAIL\r\n")]
    run = run_zeek(capture=capture(parts, server_port=23))
    run.assert_quiet()
    assert not told(run)


def test_what_is_typed_first_ends_it(run_zeek: Any, capture: Any) -> None:
    """A server that repeats what was typed is not quoted."""
    parts = [(False, NEGOTIATION), (True, b"CANARYNAME\r\n"), (False, b"CANARYNAME\r\nhello\r\n")]
    run = run_zeek(capture=capture(parts, server_port=23))
    run.assert_quiet()
    assert not told(run)


@pytest.mark.parametrize(
    ("greeting", "banner"),
    [
        (b"220 Example FTP server 1.2 ready\r\n", "Example FTP server 1.2 ready"),
        (b"220-Pump 7\r\n220 ready\r\n", "Pump 7"),
        (b"220 \x01\x02\x03\r\n", None),
        (b"220 " + b"x" * 500 + b"\r\n", None),
    ],
)
def test_ftp(run_zeek: Any, capture: Any, greeting: bytes, banner: str | None) -> None:
    """The greeting's first line, and no reply to a log-in."""
    parts = [
        (False, greeting),
        (True, b"USER CANARYUSER\r\n"),
        (False, b"331 CANARYUSER, your password\r\n"),
        (True, b"PASS CANARYPASS\r\n"),
        (False, b"230 Welcome CANARYUSER\r\n"),
    ]
    run = run_zeek(capture=capture(parts, server_port=21))
    run.assert_quiet()
    claims = told(run)
    assert banner is None or ("10.1.0.2", "ftp.banner", banner) in claims
    assert len(claims) <= 2 and bool(claims) is bool(banner)
    assert "CANARY" not in str(run.rows("iomt_asset"))


def frame(port: int, data: bytes, target: str = "10.1.255.255", source: str = "10.1.0.5") -> bytes:
    """A datagram from a monitor."""
    return datagram(data, source, target, (3000, port))


TIME = bytes(7) + bytes((10, 1, 0, 5)) + bytes(14) + b"CANARYUNIT|CANARYROOM".ljust(81, b"\0")


@pytest.mark.parametrize(
    ("packet", "value"),
    [
        (frame(2000, TIME), "unity 2000/udp"),
        (frame(7000, b"MON7\0\x0a\x01\0\x05CANARYROOM"), "unity 7000/udp"),
        (frame(3613, b"CANARY"), "alaris-disc 3613/udp"),
        (frame(2000, TIME + b"x"), None),
        (frame(7000, b"CANARY"), None),
        (frame(3613, b"CANARY", target="10.1.0.9"), None),
        (frame(3613, b"CANARY", source="192.0.3.4"), None),
    ],
)
def test_presence(run_zeek: Any, frames: Any, packet: bytes, value: str | None) -> None:
    """Broadcasts that name their sender, on the ports that these systems use; nothing of them."""
    run = run_zeek(capture=frames([packet] * 2))
    run.assert_quiet()
    assert {claim[1:] for claim in told(run)} == ({("banner.presence", value)} if value else set())
    assert "CANARY" not in str(run.rows("iomt_asset"))


def test_damaged_bytes(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Greetings whose bytes are changed, cut, lost or repeated."""
    chance = random.Random(3)  # noqa: S311  the same damage in every run
    packets = []
    for number, data in enumerate(damaged([GREETING, NEGOTIATION + GREETING], 200, 4)):
        talk = conversation(
            server=f"10.5.0.{1 + number}",
            server_port=chance.choice((23, 21, 2000)),
            segment=chance.choice((3, 90, 1448)),
            end=number % 3 > 0,
        )
        packets += talk.packets([(False, data), *LOGIN])
    packets += [frame(2000, data) for data in damaged([TIME], 50, 5)]
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert len(told(run)) > 50
    assert "CANARY" not in str(run.rows("iomt_asset"))
