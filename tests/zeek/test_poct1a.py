"""POCT1-A greetings: what a point-of-care device says of itself, not what it measured."""

from __future__ import annotations

from runpy import run_path
from typing import Any

import pytest
from zeek.conftest import TRACES

LAB = run_path(str(TRACES / "lab_peer.py"))
CLIENT, SERVER = "10.1.0.1", "10.1.0.2"
CONCENTRATOR, LIS = "10.20.9.20", "10.20.9.40"
SAID = {
    "poct1a.vendor_id": "NOVABIO",
    "poct1a.model_id": "StatStrip",
    "poct1a.manufacturer_name": "Nova & Biomedical",
    "poct1a.hw_version": "K1",
    "poct1a.sw_version": "3.10.8.0",
}
SERIAL = {"poct1a.serial_id": "77", "poct1a.device_name": "DLO-77"}


def greeting(device: str = "", serial: str = "77") -> bytes:
    """Return a greeting."""
    return str(LAB["GREETING"]).format(device=device, serial=serial).encode()


def described(run: Any, host: str) -> dict[str, dict[str, str]]:
    """Return what a host said of each device; "" is itself."""
    found: dict[str, dict[str, str]] = {}
    for row in run.rows("iomt_asset"):
        if row["host"] == host and row["source"] == "poct1a":
            found.setdefault(row.get("subject", ""), {})[row["field"]] = row["value"]
    return found


def test_meters_behind_a_concentrator(run_zeek: Any) -> None:
    """Each greeting on one connection is a device of its own; results are not read."""
    run = run_zeek(capture=TRACES / "lab.pcap")
    run.assert_quiet()
    one, other = "0600900001", "0600900002"
    assert described(run, CONCENTRATOR) == {
        "eui64:0009FBFFFE000901": SAID
        | {
            "poct1a.device_id": "0009FBFFFE000901",
            "poct1a.mac": "00:09:fb:00:09:01",
            "poct1a.serial_id": one,
            "poct1a.device_name": f"DLO-{one}",
        },
        f"serial:Nova & Biomedical^StatStrip^{other}": SAID
        | {"poct1a.serial_id": other, "poct1a.device_name": f"DLO-{other}"},
    }
    assert described(run, LIS) == {"": {"poct1a.received": "HEL.R01"}}
    assert [row["serial_id"] for row in run.rows("poct1a")] == [one, other]


@pytest.mark.parametrize("segment", [1448, 61, 7, 1])
@pytest.mark.parametrize("head", [b"", b"\r\n", b'\xef\xbb\xbf<?xml version="1.0"?>\r\n'])
def test_every_split(run_zeek: Any, capture: Any, head: bytes, segment: int) -> None:
    """Every split and prologue yields the same."""
    run = run_zeek(capture=capture([(True, head + greeting())], segment=segment))
    run.assert_quiet()
    assert described(run, CLIENT) == {"serial:Nova & Biomedical^StatStrip^77": SAID | SERIAL}


def test_the_server_may_be_the_device(run_zeek: Any, capture: Any) -> None:
    """Whoever greets is the device."""
    run = run_zeek(capture=capture([(False, greeting())], handshake=True))
    run.assert_quiet()
    assert list(described(run, SERVER)) == ["serial:Nova & Biomedical^StatStrip^77"]
    assert described(run, CLIENT) == {"": {"poct1a.received": "HEL.R01"}}


@pytest.mark.parametrize("one_sided", [True, False])
def test_one_sided_and_cut(run_zeek: Any, capture: Any, one_sided: bool) -> None:
    """A capture of one direction tells what it can; a greeting that is cut tells nothing."""
    answer = LAB["ACKNOWLEDGED"].encode()
    parts = [(True, greeting()), (False, answer)]
    run = run_zeek(capture=capture(parts, one_sided=one_sided))
    run.assert_quiet()
    assert bool(described(run, CLIENT)) is one_sided
    run = run_zeek(capture=capture([(True, greeting()[:-20])], end=False))
    run.assert_quiet()
    assert not described(run, CLIENT)


def test_long_greeting(run_zeek: Any, capture: Any) -> None:
    """A greeting that does not end is read as far as a limit; long values are left out."""
    topics = b'<DSC.topics_supported_cd V="X" />' * 2000
    sent = greeting().replace(b"<DSC>", b"<DSC>" + topics)
    run = run_zeek(capture=capture([(True, sent), (True, greeting(serial="78"))]))
    run.assert_quiet()
    assert {row["serial_id"] for row in run.rows("poct1a")} == {"77", "78"}
    run = run_zeek(capture=capture([(True, greeting(serial="9" * 5000))]))
    run.assert_quiet()
    assert "serial_id" not in run.rows("poct1a")[0]


def test_without_a_serial_number(run_zeek: Any, capture: Any) -> None:
    """What nothing tells from its like is said of the sender."""
    run = run_zeek(capture=capture([(True, greeting(serial=""))]))
    run.assert_quiet()
    assert list(described(run, CLIENT)) == [""]


@pytest.mark.parametrize(
    "data",
    [
        b"<HEL.R01>" + b" " * 2000, b"<html><HEL.R01><HDR.x/></HEL.R01></html>",
        b"<HEL.R01x><HDR.version_id/>", b"<HEL.R01 " + b"<" * 1500, b"<HEL.R01></HEL.R01>" * 100,
    ],
)  # fmt: skip
def test_what_is_no_greeting(run_zeek: Any, capture: Any, data: bytes) -> None:
    """What only looks like a greeting is not recognised."""
    run = run_zeek(capture=capture([(True, data), (False, data)]))
    run.assert_quiet()
    assert not run.rows("poct1a")
