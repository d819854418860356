"""A hundred thousand devices with thirty claims each: time and memory to take in and to update.

Seven in ten speak for themselves, two in ten stand behind gateways that pass their messages on, one
in ten are modalities that store at archives. The figures are of this machine.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

BUILD = Path(__file__).parents[2] / "build"
LOGS, DATABASE = BUILD / "scale-logs", BUILD / "scale.db"
CLAIMS, PER_FILE, UPDATES = 30, 20_000, 100
PUMPS_PER_GATEWAY, MODALITIES_PER_ARCHIVE = 300, 50
START = 1_790_000_000.0

OWN = {
    "dhcp.vendor_class": "MSFT 5.0",
    "intellivue.manufacturer": "Philips",
    "intellivue.model": "M8007A",
    "intellivue.software_versions": "J.10.51",
    "intellivue.system_type": "69965",
    "conn.active": "yes",
}
PUMP = {
    "hl7.manufacturer": "B. Braun",
    "hl7.model": "Infusomat Space",
    "hl7.software_versions": "012U000093",
    "hl7.system_type": "70049",
}
IMAGE = {
    "dicom.manufacturer": "SIEMENS",
    "dicom.manufacturer_model_name": "Avanto",
    "dicom.software_versions": "syngo MR B17",
    "dicom.modality": "MR",
}


def main() -> None:
    """Generate, ingest in a process of its own, update, print."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    for old in BUILD.glob("scale.db*"):
        old.unlink()
    for begin in range(0, devices, PER_FILE):
        with (LOGS / f"iomt_asset.{begin:07d}.log").open("w") as out:
            for number in range(begin, min(begin + PER_FILE, devices)):
                out.writelines(json.dumps(row) + "\n" for row in rows(number))
    started = time.monotonic()
    command = [sys.executable, "-m", "wardwatch.cli", "ingest", "--db", str(DATABASE), str(LOGS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    milliseconds = update(devices)
    figures = {
        "devices": devices,
        "claims_each": CLAIMS,
        "ingest_seconds": round(seconds, 1),
        "peak_megabytes": round(peak),
        "update_milliseconds": round(statistics.median(milliseconds), 2),
        "update_milliseconds_95th": round(sorted(milliseconds)[-len(milliseconds) // 20], 2),
        "database_megabytes": DATABASE.stat().st_size >> 20,
    }
    print(done.stdout.strip())
    print(f"{devices} devices with {CLAIMS} claims each, and their gateways and archives:")
    print(f"  ingest {seconds:.0f} s, peak {peak:.0f} MB (aim 600 s, 1500 MB)")
    print(
        f"  one more statement of one device, until its entry is new: median "
        f"{figures['update_milliseconds']} ms, 95th percentile "
        f"{figures['update_milliseconds_95th']} ms (aim 5 ms)"
    )
    (BUILD / "bench-scale.json").write_text(json.dumps(figures, indent=2) + "\n")


def rows(number: int) -> Iterator[dict[str, object]]:
    """Yield the claims of one device, as the sensor logs them."""
    at = START + number * 0.01
    mac = f"00:09:fb:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    said: dict[str, str]
    if number % 10 < 7:
        host, subject = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", None
        said = OWN | {"dhcp.mac": mac, "arp.mac": mac, "intellivue.serial_number": serial(number)}
    elif number % 10 < 9:
        gateway = number // 5 // PUMPS_PER_GATEWAY
        host, subject = f"172.16.{gateway >> 8}.{gateway & 255}", f"mac:{mac}"
        said = PUMP | {"hl7.mac": mac, "hl7.serial_number": serial(number)}
    else:
        host, subject = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", f"dicom:{number:x}"
        said = IMAGE | {"dicom.device_serial_number": serial(number)}
        archive = number // 10 // MODALITIES_PER_ARCHIVE
        pacs = f"172.17.{archive >> 8}.{archive & 255}"
        yield row(at, pacs, "dicom.received", "C-STORE", subject=subject)
    said |= {"conn.vlan" if not subject else "hl7.profile": "12"}
    said |= {f"bench.claim_{spare}": f"{spare}" for spare in range(CLAIMS - len(said))}
    own_mac = mac if not subject else None
    for field, value in said.items():
        yield row(at, host, field, value, mac=own_mac, subject=subject)


def serial(number: int) -> str:
    """Return a serial number that is one unit's alone."""
    return f"DE{number * 7919 % 100_000_007:09d}"


def row(at: float, host: str, field: str, value: str, **about: str | None) -> dict[str, object]:
    """Return one row of iomt_asset.log."""
    told = {"ts": at, "uid": f"C{host}", "host": host, **about}
    told |= {"field": field, "value": value, "source": field.partition(".")[0]}
    return {key: text for key, text in told.items() if text is not None}


def update(devices: int) -> list[float]:
    """Let devices that speak for themselves get new software, one by one; return milliseconds."""
    from wardwatch.pipeline import refresh  # noqa: PLC0415  not in the measured process before
    from wardwatch.store import Store  # noqa: PLC0415
    from wardwatch_enrichment.model import Claim, Observation  # noqa: PLC0415

    times = []
    chance = random.Random(1)  # noqa: S311  the same every time
    with Store(DATABASE) as store:
        for _ in range(UPDATES):
            number = chance.randrange(devices // 10) * 10
            told = next(r for r in rows(number) if r["field"] == "intellivue.software_versions")
            first = Observation(
                ts=START + 90_000,
                site="default",
                sensor="local",
                log="iomt_asset",
                host=str(told["host"]),
                mac=str(told["mac"]),
                field="intellivue.software_versions",
                value="K.20.00",
            )
            started = time.monotonic()
            with store.transaction():
                store.add([Claim(first=first, last_seen=first.ts)])
            refresh(store, "default")
            times.append((time.monotonic() - started) * 1000)
    return times


if __name__ == "__main__":
    main()
