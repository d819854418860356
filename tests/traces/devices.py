"""The files of real devices that pydicom's wheel ships, and what each says of its device."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from personas import Persona
from pydicom import Dataset, dcmread

DATA = Path(str(files("pydicom") / "data"))


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """A DICOM file that a device wrote, or a copy of it in another transfer syntax."""

    path: Path
    source: str  # the name of the file in the wheel

    @property
    def implementation(self) -> tuple[str, str]:
        """Class UID and version name of the software that wrote the file, as it noted them."""
        meta = dcmread(self.path, stop_before_pixels=True).file_meta
        return str(meta.ImplementationClassUID), str(meta.get("ImplementationVersionName", ""))

    @property
    def study(self) -> str:
        """The study that the file belongs to."""
        return str(dcmread(self.path, stop_before_pixels=True).StudyInstanceUID)

    def describe(self) -> dict[str, Any]:
        """The identity in the file, as it must arrive in the inventory; None where it is not."""
        data = dcmread(self.path, stop_before_pixels=True)
        versions = data.get("SoftwareVersions") or []
        many = [versions] if isinstance(versions, str) else list(versions)
        return {
            "file": self.source,
            "transfer_syntax": str(data.file_meta.TransferSyntaxUID),
            "sop_class": str(data.SOPClassUID),
            "manufacturer": _text(data, "Manufacturer"),
            "model": _text(data, "ManufacturerModelName"),
            "serial_number": _text(data, "DeviceSerialNumber"),
            "software_versions": [str(version).strip() for version in many],
            "modality": _text(data, "Modality"),
            "station": _text(data, "StationName"),
            "udi": _udi(data),
        }


def device_file(name: str) -> DeviceFile:
    """Find a file of the wheel by its path under pydicom's data directory."""
    path = DATA / name
    if not path.is_file():
        raise FileNotFoundError(f"{path}: this pydicom ships no such file: install pydicom 3.0")
    return DeviceFile(path, Path(name).name)


def _text(data: Dataset, keyword: str) -> str | None:
    value = str(data.get(keyword) or "").strip()
    return value or None


def _udi(data: Dataset) -> str | None:
    items = data.get("UDISequence") or []
    return str(items[0].UniqueDeviceIdentifier) if items else None


def sent(
    persona: Persona, file: DeviceFile, ae_title: str, *, to: Persona, port: int | None, **more: Any
) -> dict[str, Any]:
    """The entry of expected.yaml for a dataset that a persona sends: from where, of what."""
    where = {
        "hostname": persona.name,
        "ip": persona.ip,
        "mac": persona.mac,
        "ae_title": ae_title,
        "to_ip": to.ip,
        "to_port": port,
    }
    return where | file.describe() | more


def expect(outdir: Path, capture: str, about: dict[str, Any]) -> None:
    """Write what a capture holds into expected.yaml beside it; other captures' entries stay."""
    path = outdir / "expected.yaml"
    known = yaml.safe_load(path.read_text()) if path.exists() else {}
    known["captures"] = dict(sorted({**known.get("captures", {}), capture: about}.items()))
    head = "# Written by the gen_*.py scripts from the files that they sent. Do not edit.\n"
    path.write_text(head + yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=100))
