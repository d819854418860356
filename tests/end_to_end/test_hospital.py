"""The example site: what its devices sent is what the inventory says, and nothing more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from wardwatch.pipeline import Ingest
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment import device_types
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.statements import read

ROOT = Path(__file__).parents[2]
EXPECTED = yaml.safe_load((ROOT / "tests/traces/expected.yaml").read_text())["captures"]
SITE = EXPECTED["hospital.pcap"]


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> list[Device]:
    """Return the inventory of the example's logs, as `make demo` makes it."""
    with Store(tmp_path_factory.mktemp("site") / "w.db") as store:
        ingest = Ingest(store, site="hospital", sensor="local", scope=Scope())
        report = ingest.run(ingest.find([ROOT / "examples" / "hospital" / "dicom"]))
        assert not report.problems
        return store.devices()


@pytest.mark.parametrize("sent", SITE["devices"], ids=lambda d: d["hostname"])
def test_a_device_is_as_in_the_files_that_it_sent(
    sent: dict[str, Any], devices: list[Device]
) -> None:
    """Maker, model, serial number and software, at its own address, MAC and name."""
    (device,) = [d for d in devices if sent["ip"] in d.ips]
    known = (device.manufacturer, device.model, device.serial_number)
    stated = read("dicom.manufacturer", sent["manufacturer"])
    maker = next(one.value for one in stated if one.name == "manufacturer")
    assert known == (maker, sent["model"], sent["serial_number"])
    assert sorted(device.software_versions) == sorted(sent["software_versions"])
    assert device.device_class == "medical"
    assert device.macs == (sent["mac"],)
    assert (device.hostname or "").partition(".")[0] == sent["hostname"]
    assert sent["ae_title"] in device.names


def test_nothing_else_is_medical(devices: list[Device]) -> None:
    """The archive forwarded two devices' images and is neither; offices and routers are none."""
    medical = {
        ip
        for device in devices
        if device.device_class == "medical"
        and "medical IT system" not in device_types.lineage(device.type or "")
        for ip in device.ips
    }
    assert medical == {sent["ip"] for sent in SITE["devices"]}
    assert all(device.ips for device in devices)


def test_every_host_is_there_once(devices: list[Device]) -> None:
    """Also those that speak no medical protocol; each with the name it gave itself."""
    by_ip = {ip: device for device in devices for ip in device.ips}
    assert len(by_ip) == len(devices)
    for host in SITE["hosts"]:
        device = by_ip[host["ip"]]
        assert device.macs == (host["mac"],)
        if host.get("hostname") and host.get("dhcp"):
            assert (device.hostname or "").partition(".")[0] == host["hostname"]


# What the stations of the other captures tell, and by whom where not by themselves.
WARDS = {
    ("Philips", "866064", "DE00WW0042", "10.20.7.11", "medical"),
    ("Wardwatch Test & Ventilation", "BreatheWell 9", "BW9-004711", "10.20.7.21", "medical"),
    ("Wardwatch Test Controls", "AHU-9000", "AC-0042-7", "10.20.7.31", "building"),
    ('Wardwatch "Test" Pumps', "Drip Seven", "WP-0042", "via 10.20.7.41", "medical"),
    ("Smiths Medical", "Medfusion 4000", "2000901", "10.20.8.14", "medical"),
    ("Abbott", "Alinity m", "M90001", "10.20.8.13", "medical"),
    ("Philips", "IntelliVue MX500", "DE90000001", "10.20.8.12", "medical"),
    ("Nova Biomedical", "StatStrip", "0600900001", "via 10.20.9.20", "medical"),
    ("Nova Biomedical", "StatStrip", "0600900002", "via 10.20.9.20", "medical"),
}


def test_the_wards_are_there_too(tmp_path: Path) -> None:
    """Monitors, pumps, a ventilator, analysers and the air of a theatre, each as it was told."""
    with Store(tmp_path / "w.db") as store:
        ingest = Ingest(store, site="hospital", sensor="local", scope=Scope())
        ingest.run(ingest.find([ROOT / "examples" / "hospital"]))
        devices = store.devices()
    found = {
        (d.manufacturer, d.model, d.serial_number, place, d.device_class)
        for d in devices
        for place in (*d.ips, *(f"via {gateway}" for gateway in d.via))
    }
    assert found >= WARDS
    pumps = [d for d in devices if d.model == "B Braun SpacePlus Perfusor"]
    assert [(len(d.names), d.via) for d in pumps] == [(1, ("10.20.8.11", "10.20.8.40"))] * 3
    offices = {"10.20.3.11", "10.20.3.20", "10.20.3.30", "10.20.0.1"}
    assert {d.device_class for d in devices if offices & set(d.ips)} == {None}


def test_every_attribute_leads_back_to_a_line(devices: list[Device]) -> None:
    """The evidence quotes a line that stands in the logs."""
    logs = "".join(p.read_text() for p in (ROOT / "examples" / "hospital" / "dicom").glob("*.log"))
    for device in devices:
        for attribute in device.attributes:
            assert attribute.evidence
            for evidence in attribute.evidence:
                assert evidence.line in logs
