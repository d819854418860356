"""The HTML report: an index of all devices that needs no network, and each device's evidence.

Everything that a device said is hostile: the templates escape it, and `visible` turns characters
that would hide or reorder text into escapes before any template prints them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from wardwatch.outputs.files import replace
from wardwatch.outputs.report.chart import bars
from wardwatch.outputs.report.text import clip, confidence_word, moment, visible
from wardwatch_enrichment.finding import OPEN, Finding, Verdict
from wardwatch_enrichment.model import Attribute, Device, standings
from wardwatch_enrichment.risk.rating import Rated

INLINE_BYTES = 3_000_000
"""Evidence up to this size goes into the index file; more becomes one page per device."""

CLASSES = {"medical": "Medical", "iot": "IoT", "building": "Building", "it": "IT", None: None}
"""The classes in the order of the table, as they are shown."""

ATTRIBUTES = {
    "class": "Class",
    "type": "Type",
    "manufacturer": "Manufacturer",
    "model": "Model",
    "serial_number": "Serial number",
    "software_versions": "Software",
    "udi": "UDI",
    "os": "Operating system",
    "hostname": "Hostname",
    "names": "Names",
    "ips": "IP address",
    "macs": "MAC address",
    "via": "Via",
}
"""The attributes in the order of a device's section, as they are shown."""

_SAFE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A device with what the pages call it: its heading, and the name of its section or page."""

    device: Device
    label: str
    other_names: tuple[str, ...]
    class_label: str | None
    anchor: str
    rated: tuple[Rated, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is open, the worst first."""
        return tuple(one.finding for one in self.rated)

    @property
    def facts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What is known now, in the order of the section; an empty tuple is unknown."""
        for name, title in ATTRIBUTES.items():
            value = self.class_label if name == "class" else getattr(self.device, name)
            yield title, value if isinstance(value, tuple) else (value,) if value else ()

    @property
    def attributes(self) -> list[tuple[Attribute, str, str]]:
        """Every attribute with its title and its standing, the current and surest first."""
        order = list(ATTRIBUTES)
        standing = standings(self.device.attributes)
        ranked = sorted(
            self.device.attributes,
            key=lambda a: (
                order.index(a.name) if a.name in order else len(order),
                a.name,
                not a.current,
                -a.confidence,
                -a.last_seen,
            ),
        )
        return [(a, _title(a.name), standing[a]) for a in ranked]


def write(
    devices: Sequence[Device],
    path: Path,
    *,
    site: str | None,
    generated: float,
    findings: Mapping[str, tuple[Rated, ...]] | None = None,
) -> list[Path]:
    """Write the report and return its files, the index first.

    `findings` are the devices' by their ids. What is not affected is left out.
    The folder of device pages is the report's own: pages of an earlier inventory are deleted.
    """
    environment = _environment()
    known = findings or {}
    entries = [_entry(d, known.get(d.id, ())) for d in sorted(devices, key=_rank)]
    sections = _sections(environment, entries)
    folder = path.with_name(f"{path.stem}-devices")
    shared = {"site": site, "generated": generated}
    pages: list[Path] = []
    try:
        if sections is None:
            folder.mkdir(exist_ok=True)
            back = f"../{quote(path.name)}"
            template = environment.get_template("device.html")
            for entry in entries:
                page = folder / f"{entry.anchor}.html"
                replace(page, template.render(entry=entry, back=back, **shared))
                pages.append(page)
        index = environment.get_template("index.html").render(
            entries=entries,
            sections=sections,
            prefix="#" if sections is not None else f"{quote(folder.name)}/",
            suffix="" if sections is not None else ".html",
            **_summary(entries),
            **shared,
        )
        replace(path, index)
        for stale in set(folder.glob("*.html")) - set(pages):  # of devices that are gone or merged
            stale.unlink()
    except OSError as error:
        reason = f"{error.strerror}; the report needs a folder that exists and may be written to"
        raise OSError(error.errno, reason, str(error.filename or path)) from error
    return [path, *pages]


def _environment() -> Environment:
    files = resources.files("wardwatch.outputs.report")

    def load(name: str) -> str:
        return (files / name).read_text(encoding="utf-8")

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Runs on whatever a template prints, so that none can forget it.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters |= {"clip": clip, "moment": moment, "confidence_word": confidence_word}
    for kind, name in (("style", "report.css"), ("script", "report.js")):
        source = load(name)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        environment.globals[kind] = Markup(source)  # noqa: S704  our own file, hashed in the policy
        environment.globals[f"{kind}_hash"] = Markup(f"'sha256-{digest}'")  # noqa: S704
    return environment


def _rank(device: Device) -> tuple[object, ...]:
    """Medical first, then by manufacturer and model, what is unknown last."""
    words = (device.manufacturer, device.model, device.hostname, *device.ips[:1], device.id)
    return (
        list(CLASSES).index(device.device_class),
        *((word is None, (word or "").casefold()) for word in words),
    )


def _entry(device: Device, rated: tuple[Rated, ...]) -> Entry:
    names = [device.hostname] if device.hostname else []
    names += [name for name in device.names if name not in names]
    label = [*names, *device.ips, *device.macs, device.id][0]
    safe = _SAFE_ID.fullmatch(device.id)
    digest = hashlib.sha256(device.id.encode("utf-8", "surrogatepass")).hexdigest()
    return Entry(
        device=device,
        label=label,
        other_names=tuple(names[1:]),
        class_label=CLASSES[device.device_class],
        anchor=device.id if safe else f"id-{digest[:32]}",
        rated=tuple(one for one in rated if one.finding.affected in OPEN),
    )


def _title(name: str) -> str:
    return ATTRIBUTES.get(name, name.replace("_", " ").capitalize())


def _sections(environment: Environment, entries: list[Entry]) -> list[Markup] | None:
    """Every device's section, or None when they are too much for one file."""
    template = environment.get_template("section.html")
    sections: list[Markup] = []
    size = 0
    for entry in entries:
        section = template.render(entry=entry, back="#devices")
        size += len(section.encode())
        if size > INLINE_BYTES:
            return None
        sections.append(Markup(section))  # noqa: S704  rendered with escapes just above
    return sections


def _summary(entries: list[Entry]) -> dict[str, object]:
    """The figures and charts at the top of the index."""
    devices = [entry.device for entry in entries]
    medical = [device for device in devices if device.device_class == "medical"]
    unknown = [device for device in devices if device.device_class is None]
    makers = [device.manufacturer for device in medical]
    return {
        "usable": _having(entries, "exploitable"),
        "untold": _having(entries, "potential"),
        "classes": [
            (label or "unknown", count)
            for key, label in CLASSES.items()
            if (count := sum(device.device_class == key for device in devices))
        ],
        "medical": len(medical),
        "unknown": len(unknown),
        "others": len(devices) - len(medical) - len(unknown),
        "manufacturers": len(set(makers) - {None}),
        "serials": sum(device.serial_number is not None for device in medical),
        "software": sum(bool(device.software_versions) for device in medical),
        "sites": sorted({device.site for device in devices}),
        "begin": min((device.first_seen for device in devices), default=None),
        "end": max((device.last_seen for device in devices), default=None),
        "charts": [
            (title, bars(title, values))
            for title, values in (
                ("Medical devices by type", [device.type for device in medical]),
                ("Medical devices by manufacturer", makers),
            )
            if medical
        ],
    }


def _having(entries: list[Entry], verdict: Verdict) -> int:
    """Return how many devices have a vulnerability with a verdict; posture is none."""
    return sum(any(f.verdict == verdict and not f.is_posture for f in e.findings) for e in entries)
