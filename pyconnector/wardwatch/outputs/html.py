"""The HTML report: an index of all devices that needs no network, and each device's evidence.

Everything that a device said is hostile: the templates escape it, and `visible` turns characters
that would hide or reorder text into escapes before any template prints them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from wardwatch.outputs.files import replace
from wardwatch.outputs.report.chart import bars
from wardwatch.outputs.report.entry import CLASSES, STATES, Entry
from wardwatch.outputs.report.given import Given
from wardwatch.outputs.report.overview import AXES, LOOKS, overview
from wardwatch.outputs.report.text import age, clip, confidence_word, moment, visible
from wardwatch.outputs.report.walk import before_after, walk
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import scoring

INLINE_BYTES = 3_000_000
"""Evidence up to this size goes into the index file; more becomes one page per device."""


def write(
    devices: Sequence[Device],
    path: Path,
    *,
    site: str | None,
    generated: float,
    given: Given | None = None,
) -> list[Path]:
    """Write the report and return its files, the index first.

    `given` are the risks of the devices, None where nobody worked them out. The folder of device
    pages is the report's own: pages of an earlier inventory are deleted.
    """
    environment = _environment(given)
    entries = [Entry(device=device, given=given) for device in devices]
    entries.sort(key=lambda entry: (entry.urgency, _rank(entry.device)))
    shared: dict[str, object] = {"site": site, "generated": generated}
    sections = _sections(environment, entries, shared)
    folder = path.with_name(f"{path.stem}-devices")
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
            risk=overview(entries, given, generated) if given else None,
            walk=walk(given.tasks) if given and given.tasks is not None else None,
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


def _environment(given: Given | None) -> Environment:
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
    figures = given.figures if given else None
    environment.filters |= {"clip": clip, "moment": moment, "confidence_word": confidence_word}
    environment.filters |= {
        "age": age,
        "before_after": before_after,
        "band": lambda score: scoring.band(score, figures),
    }
    environment.globals |= {"given": given, "states": STATES, "looks": LOOKS, "axes": AXES}
    for kind, names in (("style", ("report.css", "risk.css")), ("script", ("report.js",))):
        source = "".join(map(load, names))
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


def _sections(
    environment: Environment, entries: list[Entry], shared: dict[str, object]
) -> list[Markup] | None:
    """Every device's section, or None when they are too much for one file."""
    template = environment.get_template("section.html")
    sections: list[Markup] = []
    size = 0
    for entry in entries:
        section = template.render(entry=entry, back="#devices", **shared)
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
        "classes": [
            (label or "unknown", count)
            for key, label in CLASSES.items()
            if (count := sum(device.device_class == key for device in devices))
        ],
        "found": [(s, n) for s in STATES if (n := sum(entry.state == s for entry in entries))],
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
