"""A hospital's sensor, hour by hour: the rows that it writes, as files that it rotates and packs.

All numbers are drawn from a seed. Claims come once per host, field and value in the hour, exposure
once per fact; of connections there are a few per device, as how fast those are read is measured by
`make bench`.
"""

from __future__ import annotations

import gzip
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

HOUR = 3_600.0
CONNECTIONS = 10  # of each device that is there, in an hour
SENSOR = "0.0.0.0"  # noqa: S104  how rows of the sensor itself are marked
SERVERS = [f"10.60.0.{number}" for number in range(10, 40)]

# kind: share of the devices, share of the hours by day and by night, claims, ports, port it calls
KINDS: dict[str, tuple[float, float, float, dict[str, str], tuple[int, ...], int]] = {
    "pump": (
        0.38, 0.6, 0.5,
        {
            "hl7.manufacturer": "Hospira", "hl7.model": "LifeCare PCA Infusion System",
            "hl7.software_versions": "{version}", "hl7.serial_number": "P{number}",
        },
        (23, 80), 3100,
    ),
    "monitor": (
        0.1, 0.9, 0.9,
        {
            "intellivue.manufacturer": "Philips", "intellivue.model": "M8007A",
            "intellivue.software_versions": "J.10.5{release}",
            "intellivue.serial_number": "DE{number}",
        },
        (), 24105,
    ),
    "modality": (
        0.03, 0.7, 0.3,
        {
            "dicom.manufacturer": "SIEMENS", "dicom.manufacturer_model_name": "Avanto",
            "dicom.software_versions": "syngo MR B1{release}", "dicom.modality": "MR",
            "dicom.device_serial_number": "{number}", "dicom.role": "storage SCU",
        },
        (104, 445), 104,
    ),
    "pc": (
        0.39, 0.9, 0.2,
        {"dhcp.vendor_class": "MSFT 5.0", "dhcp.host_name": "pc{number}"},
        (445, 3389), 443,
    ),
    "printer": (
        0.1, 1.0, 1.0,
        {"dhcp.host_name": "prn{number}", "dhcp.vendor_class": "Hewlett-Packard LaserJet"},
        (80, 9100), 445,
    ),
}  # fmt: skip


class Unit(NamedTuple):
    """A device of the hospital at its address."""

    number: int
    kind: str
    ip: str

    @property
    def mac(self) -> str:
        """Its hardware address, locally administered."""
        return f"02:50:{self.number >> 24 & 255:02x}:{self.number >> 16 & 255:02x}:" + (
            f"{self.number >> 8 & 255:02x}:{self.number & 255:02x}"
        )


class Logs:
    """The sensor's directory: files that grow in `current`, and older ones by their day."""

    def __init__(self, directory: Path, *, devices: int, seed: int = 9) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        self._current = directory / "current"
        self._current.mkdir(parents=True)
        self._directory, self._random = directory, random.Random(seed)  # noqa: S311  no secret
        kinds, shares = list(KINDS), [KINDS[kind][0] for kind in KINDS]
        drawn = self._random.choices(kinds, shares, k=devices)
        self._units = [Unit(at, kind, _ip(at)) for at, kind in enumerate(drawn)]
        self._next = devices
        self.rows = self.bytes = 0

    def hour(self, at: float) -> None:
        """Write what is seen in the hour from `at` on."""
        self._change()
        for log, rows in self._rows(at).items():
            lines = b"".join(orjson.dumps(row) + b"\n" for row in sorted(rows, key=_time))
            with (self._current / f"{log}.log").open("ab") as file:
                file.write(lines)
            self.rows += len(rows)
            self.bytes += len(lines)

    def rotate(self, at: float) -> None:
        """Put the hour's files away, packed but for the first."""
        start, end = (datetime.fromtimestamp(t, UTC) for t in (at, at + HOUR))
        folder = self._directory / f"{start:%Y-%m-%d}"
        folder.mkdir(exist_ok=True)
        for number, path in enumerate(sorted(self._current.glob("*.log"))):
            rotated = path.rename(folder / f"{path.stem}.{start:%H:%M:%S}-{end:%H:%M:%S}.log")
            if number:
                rotated.with_name(f"{rotated.name}.gz").write_bytes(
                    gzip.compress(rotated.read_bytes(), 1)
                )
                rotated.unlink()

    def forget(self) -> None:
        """Delete the oldest day, as a sensor does that has no more room."""
        for day in sorted(self._directory.glob("2*"))[:-2]:
            shutil.rmtree(day)

    def probe(self, at: float, number: int) -> str:
        """Write one claim that only one device has, and return its value."""
        unit, value = self._random.choice(self._units), f"PROBE{number}"
        row = _claim(at, unit, "dhcp.host_name", value)
        with (self._current / "iomt_asset.log").open("ab") as file:
            file.write(orjson.dumps(row) + b"\n")
        return value

    def _change(self) -> None:
        """Let devices come, go and get other addresses, a few a day."""
        few = self._random.random() < len(self._units) / 40_000
        for _ in range(few):
            gone = self._random.randrange(len(self._units))
            self._units[gone] = Unit(self._next, self._units[gone].kind, _ip(self._next))
            self._next += 1
        for _ in range(few * 5):
            one, other = (self._random.randrange(len(self._units)) for _ in range(2))
            first, second = self._units[one], self._units[other]
            self._units[one] = first._replace(ip=second.ip)
            self._units[other] = second._replace(ip=first.ip)

    def _rows(self, at: float) -> dict[str, list[dict[str, Any]]]:
        by_day = 7 <= at // HOUR % 24 < 19
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for value, count in _BEATS.items():
            row = {"host": SENSOR, "kind": "coverage", "value": value, "count": count}
            found["iomt_exposure"].append(_spanned(at) | row)
        for unit in self._units:
            if self._random.random() < KINDS[unit.kind][1 if by_day else 2]:
                found["iomt_asset"] += self._claims(at, unit)
                found["iomt_exposure"] += self._exposure(at, unit)
                found["conn"] += self._connections(at, unit)
                if unit.kind in ("pc", "printer") and self._random.random() < 0.15:
                    found["dhcp"].append(_lease(at, unit))
                if unit.kind == "pc" and self._random.random() < 0.2:
                    found["software"].append(_software(at, unit))
        return found

    def _claims(self, at: float, unit: Unit) -> Iterator[dict[str, Any]]:
        release = unit.number % 3
        given = {"number": unit.number, "release": release, "version": f"{release + 3}.1"}
        yield _claim(at, unit, "arp.mac", unit.mac)
        for field, value in KINDS[unit.kind][3].items():
            ts = at + HOUR * self._random.random()
            yield _claim(ts, unit, field, value.format(**given))

    def _exposure(self, at: float, unit: Unit) -> Iterator[dict[str, Any]]:
        _, _, _, _, ports, calls = KINDS[unit.kind]
        own = _spanned(at) | {"host": unit.ip, "mac": unit.mac}
        server = SERVERS[unit.number % len(SERVERS)]
        flows = self._random.randrange(5, 90)
        yield own | {"kind": "coverage", "value": "flows", "count": flows}
        yield own | {"kind": "peers", "value": "to", "count": 3, "peers": [server]}
        service = {"kind": "service", "proto": "tcp", "clients": 1, "peers": [server]}
        for port in ports:
            shut = (unit.number + port) % 3 == 0
            state = {"state": "refused", "by": "device"} if shut else {"state": "accepted"}
            yield own | service | state | {"port": port, "count": 2}
        to = {"host": server, "port": calls, "state": "accepted", "count": 3, "peers": [unit.ip]}
        yield _spanned(at) | service | to

    def _connections(self, at: float, unit: Unit) -> Iterator[dict[str, Any]]:
        for _ in range(CONNECTIONS):
            yield {
                "ts": at + HOUR * self._random.random(), "uid": _uid(self._random),
                "id.orig_h": unit.ip, "id.orig_p": self._random.randrange(1024, 65_536),
                "id.resp_h": self._random.choice(SERVERS), "id.resp_p": 443, "proto": "tcp",
                "service": "ssl", "duration": 3.1, "orig_bytes": 911, "resp_bytes": 7_210,
                "conn_state": "SF", "local_orig": True, "local_resp": True, "missed_bytes": 0,
                "history": "ShADadFf", "orig_pkts": 12, "orig_ip_bytes": 1_500, "resp_pkts": 14,
                "resp_ip_bytes": 8_000, "ip_proto": 6, "orig_l2_addr": unit.mac,
                "resp_l2_addr": "02:00:00:00:ff:ff",
            }  # fmt: skip


_BEATS = {"sensor": 60, "packets": 9_000_000, "dropped": 0, "gaps": 3, "acks": 4_000_000}


def _ip(number: int) -> str:
    return f"10.{20 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def _time(row: dict[str, Any]) -> float:
    ts: float = row["ts"]
    return ts


def _uid(rng: random.Random) -> str:
    return f"C{rng.getrandbits(96):018x}"


def _spanned(at: float) -> dict[str, Any]:
    return {"ts": at + HOUR - 1, "first": at + 1, "last": at + HOUR - 2}


def _claim(at: float, unit: Unit, field: str, value: str) -> dict[str, Any]:
    source = field.partition(".")[0]
    own = {"ts": at, "uid": f"C{unit.number:012x}", "host": unit.ip, "mac": unit.mac}
    return own | {"field": field, "value": value, "source": source}


def _lease(at: float, unit: Unit) -> dict[str, Any]:
    return {
        "ts": at + 60, "uids": [f"C{unit.number:012x}"], "mac": unit.mac,
        "host_name": f"{unit.kind}{unit.number}", "assigned_addr": unit.ip,
        "requested_addr": unit.ip, "lease_time": 28_800.0, "msg_types": ["REQUEST", "ACK"],
    }  # fmt: skip


def _software(at: float, unit: Unit) -> dict[str, Any]:
    agent = f"Agent/{unit.number % 50}.2"
    return {
        "ts": at + 90, "host": unit.ip, "software_type": "HTTP::BROWSER", "name": "Agent",
        "unparsed_version": agent,
    }  # fmt: skip
