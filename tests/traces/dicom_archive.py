"""DCMTK's archive, dcmqrscp, set up to take every storage class and transfer syntax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from personas import Persona
from pynetdicom import ALL_TRANSFER_SYNTAXES
from pynetdicom.sop_class import _STORAGE_CLASSES

# Verification, and study root find and move.
SERVICES = ("1.2.840.10008.1.1", *(f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2)))
DEFAULT = "1.2.840.10008.1.2"
PLAIN = ("1.2.840.10008.1.2.1", DEFAULT)


@dataclass(frozen=True, slots=True)
class DicomArchive:
    """An archive with its AE title, its port, and the titles that it may move images to."""

    ae_title: str
    port: int
    move_to: dict[str, tuple[str, int]] = field(default_factory=dict)

    def start(self, persona: Persona, *, plain: bool = False) -> None:
        """Start it on a host, where it keeps what it is given.

        `plain` leaves it at DCMTK's own proposals: uncompressed images, but C-GET too.
        """
        (persona.home / "images").mkdir()
        (persona.home / "archive.cfg").write_text(self._configuration())
        (persona.home / "contexts.cfg").write_text(_contexts())
        profile = () if plain else ("-xf", "contexts.cfg", "Receive", "Forward")
        persona.serve("dcmqrscp", "-c", "archive.cfg", *profile, port=self.port)

    def _configuration(self) -> str:
        hosts = [f"{t.lower()} = ({t}, {h}, {p})" for t, (h, p) in self.move_to.items()]
        return "\n".join(
            [
                f"NetworkTCPPort = {self.port}", "MaxPDUSize = 32768", "MaxAssociations = 16",
                "HostTable BEGIN", *hosts, "HostTable END",
                "VendorTable BEGIN", "VendorTable END",
                "AETable BEGIN", f"{self.ae_title} images RW (100, 64mb) ANY", "AETable END", "",
            ]
        )  # fmt: skip


def _contexts() -> str:
    """DCMTK's association profiles: which transfer syntaxes are taken, and offered, for what."""
    # The first that the requester also proposes is taken; the default one goes last.
    every = [syntax for syntax in ALL_TRANSFER_SYNTAXES if syntax != DEFAULT] + [DEFAULT]
    lines = ["[[TransferSyntaxes]]", "[Every]", *_numbered("TransferSyntax", every)]
    # It converts between these alone, so it must not be answered with another.
    lines += ["[Plain]", *_numbered("TransferSyntax", PLAIN)]
    lines += ["[[PresentationContexts]]"]
    classes = [*SERVICES, *list(_STORAGE_CLASSES.values())[:120]]  # of the 128 that DICOM allows
    for syntaxes in ("Every", "Plain"):
        contexts = [f"{uid}\\{syntaxes}" for uid in classes]
        lines += [f"[{syntaxes}]", *_numbered("PresentationContext", contexts)]
    lines += ["[[Profiles]]", "[Receive]", "PresentationContexts = Every"]
    lines += ["[Forward]", "PresentationContexts = Plain", ""]
    return "\n".join(lines)


def _numbered(key: str, values: Sequence[str]) -> list[str]:
    return [f"{key}{number} = {value}" for number, value in enumerate(values, 1)]
