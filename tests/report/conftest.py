"""Devices to report on: a dozen plausible ones, hostile ones, and as many as wanted."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wardwatch.outputs.html import write
from wardwatch_enrichment.model import Attribute, Device, Evidence

START = 1_767_340_800.0  # 2026-01-02 08:00 UTC
DAY = 86_400.0

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
REORDERED = "pump\u202egnp.exe\u2066\x1b[31m\x00\u200b\u3164"

_FIELDS = {
    "manufacturer": "dicom.manufacturer",
    "model": "dicom.manufacturer_model_name",
    "serial_number": "dicom.device_serial_number",
    "software_versions": "dicom.software_versions",
    "type": "dicom.modality",
    "hostname": "dhcp.host_name",
    "names": "dicom.ae_title",
    "macs": "dhcp.mac",
}
_CONFIDENCE = {"hostname": 0.8, "names": 0.6, "type": 0.8, "macs": 0.95}


def attribute(
    name: str,
    value: str,
    *,
    host: str = "10.20.3.14",
    start: float = START,
    end: float = START + 9 * DAY,
    confidence: float | None = None,
    current: bool = True,
    count: int = 1,
) -> Attribute:
    """An attribute with evidence as the connector keeps it."""
    field = _FIELDS.get(name, f"test.{name}")
    log = "dhcp" if field.startswith("dhcp") else "iomt_asset"
    items = []
    for number in range(count):
        time = start + 3600 * number + 12.25
        uid = f"C{hashlib.sha256(f'{value}{number}'.encode('utf-8', 'replace')).hexdigest()[:16]}"
        line = (
            f'{{"ts":{time:.6f},"uid":"{uid}","host":"{host}","field":"{field}","value":"{value}"}}'
        )
        items.append(
            Evidence(
                log=log,
                uid=uid,
                time=time,
                sensor="imaging-1",
                host=host,
                field=field,
                rule=field,
                value=value,
                line=line,
                sha256=hashlib.sha256(line.encode("utf-8", "replace")).hexdigest(),
            )
        )
    return Attribute(
        name=name,
        value=value,
        confidence=_CONFIDENCE.get(name, 0.9) if confidence is None else confidence,
        current=current,
        first_seen=start,
        last_seen=end,
        evidence=tuple(items),
    )


def device(id_: str, *, more: tuple[Attribute, ...] = (), **known: Any) -> Device:
    """A device whose every known attribute has its evidence; `more` are values not current."""
    ips = known.get("ips", ())
    start, end = known.pop("first_seen", START), known.pop("last_seen", START + 9 * DAY)
    attributes = [
        attribute(name, value, host=ips[0] if ips else "10.20.3.14", start=start, end=end)
        for name, values in known.items()
        if name in _FIELDS and values is not None
        for value in ([values] if isinstance(values, str) else values)
    ]
    return Device(
        id=id_,
        site=known.pop("site", "St. Example Hospital"),
        first_seen=start,
        last_seen=end,
        attributes=(*attributes, *more),
        **known,
    )


def example_devices() -> list[Device]:
    """A small hospital's imaging network: known, half known and unknown hosts."""
    imaging = [
        ("ct-room1", "CT scanner", "SIEMENS", "SOMATOM Definition AS", "66053", "syngo CT 2012B"),
        ("mr-north", "MRI scanner", "SIEMENS", "TrioTim", "35177", "syngo MR B15"),
        ("CT_ER", "CT scanner", "GE MEDICAL SYSTEMS", "LightSpeed VCT", "414087CT", "gmp_vct.42"),
        ("MR_SOUTH", "MRI scanner", "Philips Medical Systems", "Achieva", "17064", "2.6.3"),
        ("us-echo2", "ultrasound system", "SonoSite", "M-Turbo", "03QHXD", "60.80.200.022"),
        ("US_OBGYN", "ultrasound system", "GE Healthcare", "Voluson E8", None, "14.0.5"),
        ("ANGIO1", "X-ray angiography system", "TOSHIBA_MEC", "Infinix-i", "99CC0512", "V4.35"),
        ("ecg-cart-07", "electrocardiograph", "Mortara Instrument, Inc.", "ELI 250c", None, None),
        ("DX_ORTHO", "digital radiography system", "FUJIFILM Corporation", "FDR D-EVO", None, "V8"),
        (None, "nuclear medicine camera", None, None, None, None),
    ]
    devices = []
    for number, (name, kind, maker, model, serial, software) in enumerate(imaging, start=11):
        mac = f"00:1b:0d:4a:90:{number:02x}"
        dhcp = name is not None and name.islower()
        devices.append(
            device(
                f"{hashlib.sha256(str(number).encode()).hexdigest()[:16]}",
                device_class="medical",
                type=kind,
                manufacturer=maker,
                model=model,
                serial_number=serial,
                software_versions=(software,) if software else (),
                hostname=name if dhcp else None,
                names=(("STORE_SCU",) if dhcp else (name,) if name else ()),
                ips=(f"10.20.3.{number}",),
                macs=(mac,) if number % 3 else (),
                via=("10.20.3.5",) if number % 4 == 2 else (),
                first_seen=START + 4321.0 * number,
                last_seen=START + 9 * DAY - 777.0 * number,
                more=(
                    attribute(
                        "software_versions",
                        "syngo MR B13",
                        start=START - 40 * DAY,
                        end=START - 20 * DAY,
                        current=False,
                    ),
                    attribute("model", "Trio", confidence=0.6, current=False, count=2),
                )
                if name == "mr-north"
                else (),
            )
        )
    hosts = [
        ("pacs-archive", "it", ("10.20.3.5", "fe80::21b:dff:fe4a:9005"), "00:50:56:9a:11:05"),
        ("ws-radiology-2", "it", ("10.20.4.61", "10.20.4.77", "10.20.4.80", "10.20.4.93"), None),
        ("lobby-cam", "iot", ("10.20.9.20",), "00:40:8c:12:34:56"),
        (None, None, ("10.20.3.99",), "02:00:5e:10:00:99"),
        (None, None, ("10.20.3.140",), None),
    ]
    for name, group, ips, mac in hosts:
        known: dict[str, Any] = {"device_class": group, "hostname": name, "ips": ips}
        devices.append(device(f"host-{ips[0]}", macs=(mac,) if mac else (), **known))
    return devices


def hostile_devices() -> list[Device]:
    """Devices that say what a browser must not believe."""
    nasty = device(
        "../../etc/passwd\" onmouseover='alert(3)",
        device_class="medical",
        type=HOSTILE,
        manufacturer=HOSTILE,
        model="]]></style><script>alert(4)</script><!--",
        serial_number="javascript:alert(5)",
        software_versions=("{{ 7 * 7 }}", "</td></tr></table>", REORDERED),
        hostname=HOSTILE,
        names=("\u05d0\u05d1\u05d2 pump", "Ge\u0301ra\u0302t", "a" + "\u0301" * 60, "\ud800"),
        ips=("10.9.9.9",),
        macs=("02:00:00:00:00:66",),
        via=("&lt;b&gt;",),
    )
    endless = device(
        "endless",
        site=HOSTILE,
        model="W" * 5000,
        ips=tuple(f"10.1.{number // 250}.{number % 250}" for number in range(400)),
        first_seen=-1e30,
        last_seen=1e30,
    )
    return [nasty, endless]


@pytest.fixture(scope="session")
def examples() -> list[Device]:
    return example_devices()


@pytest.fixture(scope="session")
def hostiles() -> list[Device]:
    return hostile_devices()


@pytest.fixture(scope="session")
def inventory() -> Callable[[int], list[Device]]:
    """As many devices as asked for, each as well known as the best of the examples."""

    def build(count: int) -> list[Device]:
        return [
            device(
                hashlib.sha256(str(number).encode()).hexdigest()[:32],
                device_class="medical" if number % 4 == 0 else "it",
                type="X-ray angiography system",
                manufacturer="Philips Medical Systems",
                model="SOMATOM Definition AS",
                serial_number=f"{number * 7919:08d}",
                software_versions=("syngo CT 2012B", "VB42B"),
                hostname=f"radiology-{number:05d}.hospital.example.org",
                names=(f"STATION{number}",),
                ips=(f"10.20.{number // 250}.{number % 250}",),
                macs=(f"00:1b:0d:4a:{number // 256:02x}:{number % 256:02x}",),
                via=("10.20.3.5",),
            )
            for number in range(count)
        ]

    return build


_GENERATED = 1_768_161_600.0
_ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1440,900"
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium or chromedriver is missing: the report was not opened in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*_ARGUMENTS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as started:
        yield started


@pytest.fixture
def load(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a report of devices; afterwards nothing was complained of and nothing was fetched."""
    path = tmp_path / "report.html"

    def load(devices: list[Device], **settings: Any) -> Any:
        write(devices, path, site=None, generated=_GENERATED, given=settings.get("given"))
        scheme = {"name": "prefers-color-scheme", "value": settings.get("scheme", "light")}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": settings.get("width", 1440), "height": 900, "deviceScaleFactor": 1}
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**size, "mobile": size["width"] < 600}
        )
        browser.get(path.as_uri())
        return browser

    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    yield load
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert path.as_uri() in requests
    folder = f"{tmp_path.as_uri()}/"
    assert [url for url in requests if not url.startswith((folder, "data:,"))] == []
