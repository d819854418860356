"""Stations that store DICOM files at an archive, each under its own name, address and title."""

from __future__ import annotations

import sys
from typing import Any

from devices import DeviceFile, sent
from personas import Persona, Site

PEER = (sys.executable, "-m", "dicom_peer")
# DCMTK's converter, and how storescu proposes the result.
SYNTAXES = {
    "implicit": (("dcmconv", "+ti"), "-xi"),
    "explicit": (("dcmconv", "+te"), "-xe"),
    "undefined": (("dcmconv", "+te", "-e"), "-xe"),
    "bigendian": (("dcmconv", "+tb"), "-xb"),
    "deflated": (("dcmconv", "+td"), "-xd"),
    "rle": (("dcmcrle",), "-xr"),
    "jpeg": (("dcmcjpeg", "+e1"), "-xs"),
    "jpegls": (("dcmcjpls",), "-xt"),
}


class Ward:
    """The stations of one capture: they get their addresses in the order of their coming."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.count = 0
        self.devices: list[dict[str, Any]] = []

    def station(self, name: str) -> Persona:
        """Plug in a station; ten of them share a 10.20.x.0/24."""
        self.count += 1
        subnet, number = 1 + self.count // 10, 10 + self.count
        mac = f"02:20:00:00:{subnet:02x}:{number:02x}"
        return self.site.persona(name, mac, f"10.20.{subnet}.{number}/16")

    def sends(
        self, name: str, file: DeviceFile, to: Persona, *how: str, port: int = 11112, **more: Any
    ) -> Persona:
        """Let a new station store one file with DCMTK, and note what is to be found."""
        station = self.station(name)
        title = name.upper()
        ends = ("-aet", title, "-aec", "ARCHIVE", to.ip, str(port))
        station.run("storescu", "-R", *how, *ends, str(file.path))
        self.devices.append(sent(station, file, title, to=to, port=port, **more))
        return station

    def sends_as_itself(
        self, name: str, file: DeviceFile, to: Persona, *how: str, port: int = 11112, **more: Any
    ) -> Persona:
        """Let a new station store one file with pynetdicom, as the software that wrote the file."""
        station = self.station(name)
        title = name.upper()
        station.run(
            *PEER, "store", to.ip, str(port), str(file.path), "--calling", title, *how,
            "--implementation", *file.implementation,
        )  # fmt: skip
        self.devices.append(sent(station, file, title, to=to, port=port, **more))
        return station


def converted(by: Persona, file: DeviceFile, kind: str) -> DeviceFile:
    """Make a copy of the file in another transfer syntax with DCMTK; the values stay."""
    command, _ = SYNTAXES[kind]
    target = by.home / f"{kind}.dcm"
    by.run(*command, str(file.path), str(target))
    return DeviceFile(target, file.source)


def receive(archive: Persona, port: int, *how: str) -> None:
    """Let DCMTK's storescp take everything on a port."""
    archive.serve("storescp", "+xa", "-dhl", "-aet", "ARCHIVE", "--ignore", *how, str(port),
                  port=port)  # fmt: skip


def receive_plainly(archive: Persona, port: int, max_pdu: int) -> None:
    """Let pynetdicom take everything on a port: any PDU size, and several PDVs in a PDU."""
    limit = ("--max-pdu", str(max_pdu))
    archive.serve(*PEER, "serve", archive.ip, str(port), "--called", "ARCHIVE", *limit, port=port)
