"""From captures to devices: what passes on others' images and steps does not become their maker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wardwatch.cli import main

TRACES = Path(__file__).parents[1] / "traces"
Devices = list[dict[str, Any]]


@pytest.fixture
def inventory(run_zeek: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Work out the devices of a capture."""

    def build(capture: Path) -> Devices:
        log = run_zeek(capture=capture).directory / "iomt_asset.log"
        where = ["--db", str(tmp_path / "inventory.db")]
        assert main(["ingest", *where, "--site", "here", str(log)]) == 0
        capsys.readouterr()
        assert main(["devices", *where, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return build


def at(devices: Devices, ip: str) -> dict[str, Any]:
    """The device that has an address."""
    [found] = [device for device in devices if ip in device["ips"]]
    return found


def of(devices: Devices, serial_number: str) -> dict[str, Any]:
    """The device of a serial number."""
    [found] = [device for device in devices if device["serial_number"] == serial_number]
    return found


def made_by(device: dict[str, Any]) -> list[str | None]:
    """Whose product a device is."""
    return [device[key] for key in ("manufacturer", "model", "serial_number")]


def test_associations(inventory: Any) -> None:
    """The modality is one; broker, planner, gateway and archive stay what they are."""
    devices = inventory(TRACES / "dicom-roles.pcap")
    planner, broker, archive, modality, viewer, gateway = (f"10.20.1.{n}" for n in range(11, 17))
    assert (at(devices, modality)["type"], at(devices, modality)["model"]) == (
        "CT scanner",
        "RHAPSODE",
    )
    for ip in (planner, broker, archive, viewer, gateway):
        assert made_by(at(devices, ip)) == [None] * 3
    scanner, router = of(devices, "-0000200"), of(devices, "GW-4711")
    assert (scanner["type"], scanner["model"]) == ("MRI scanner", "MRT50H1")
    assert router["model"] == "ROUTE 66"
    for device in (scanner, router):
        assert device["via"] == [archive, gateway]
        assert device["ips"] == []
    assert len(devices) == 8


def test_web(inventory: Any) -> None:
    """Over HTTP likewise: only who stores its own images is what made them."""
    devices = inventory(TRACES / "dicom-web.pcap")
    archive, modality, gateway, viewer = (f"10.20.9.{n}" for n in range(11, 15))
    assert at(devices, modality)["model"] == "Eclipse 1.5T"
    for ip in (archive, gateway, viewer):
        assert made_by(at(devices, ip)) == [None] * 3
    for serial_number in ("-0000200", "GW-4711"):
        assert of(devices, serial_number)["via"] == [archive, gateway]
    assert len(devices) == 6
