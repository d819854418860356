"""The personas of the benchmark: who they are, what they speak, and what must be found of them.

`personas/*.yaml` hold models; each model has units, and each unit is one persona. The head of
README.md says what the keys mean.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
# What our own dissectors read: zeek-scripts/protocols.
DISSECTED = frozenset({"dicom", "dicom_print", "dicom_query", "dicom_serve", "hl7", "hl7_serve",
                       "poct1a", "astm", "sdc", "intellivue", "fhir", "fhir_serve",
                       "bacnet"})  # fmt: skip
# Of these, the exchanges in which a device says something of itself.
IDENTIFYING = DISSECTED - {"dicom_print", "dicom_query", "dicom_serve", "hl7_serve", "fhir_serve"}
KEYS = frozenset({"id", "label", "class", "held_out", "oui", "source", "speaks", "units", "via",
                  "note"})  # fmt: skip

Step = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is true of a persona; None where nothing is said, and so nothing is asked."""

    manufacturer: str | None
    model: str | None
    also: tuple[str, ...]  # other strings that name the model
    type: str | None
    roughly: tuple[str, ...]  # kinds that are true of it and say less
    software: tuple[str, ...]
    serial: str | None
    os: tuple[str, ...]  # the operating system, and names of it that say less
    device_class: str
    alternatives: Mapping[str, tuple[str, ...]]  # what is as right, by attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """One unit of a model. `via` names the persona behind which it stands, unseen on the wire."""

    id: str
    model_id: str
    batch: str
    label: Label
    mac: str
    ip: str
    via: str | None
    held_out: bool
    source: str
    speaks: tuple[Step, ...]
    known_by: tuple[str, ...]

    @property
    def protocols(self) -> frozenset[str]:
        """What it speaks."""
        return frozenset(kind for kind, _ in self.speaks)

    @property
    def dissected(self) -> bool:
        """Tell whether it takes part in an exchange of our dissectors in which it names itself."""
        return bool(self.protocols & IDENTIFYING)


@cache
def models() -> dict[str, list[dict[str, Any]]]:
    """Return the models as they are written, by the name of their file."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((HERE / "personas").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for model in content["models"]:
            model.setdefault("class", content["class"])
            if unknown := set(model) - KEYS:
                raise ValueError(f"{path.name}: {model['id']}: unknown keys {sorted(unknown)}")
        found[path.stem] = content["models"]
    return found


@cache
def personas() -> tuple[Persona, ...]:
    """Return every persona, in the order of the files."""
    return tuple(persona for at, batch in enumerate(models()) for persona in _batch(batch, at))


def held_out() -> frozenset[str]:
    """Return the exact model strings that no fingerprint may name."""
    found: set[str] = set()
    for written in models().values():
        for model in written:
            if model.get("held_out"):
                found.add(model["label"]["model"])
                if isinstance(model["held_out"], list):
                    found.update(model["held_out"])
    return frozenset(found)


def _batch(name: str, at: int) -> Iterator[Persona]:
    number = 0
    for model in models()[name]:
        for own, unit in enumerate(model.get("units") or [{}], 1):
            yield _persona(model, {"n": own, **unit}, name, at, number)
            number += 1


def _persona(model: Mapping[str, Any], unit: Mapping[str, Any], batch: str, at: int,
             number: int) -> Persona:  # fmt: skip
    name = f"{model['id']}-{unit['n']}"
    mac = unit.get("mac") or _mac(unit.get("oui") or model["oui"], name)
    ip = f"10.{40 + at}.{1 + number // 200}.{10 + number % 200}"
    digits = mac.replace(":", "").upper()
    words = {"mac": mac, "MAC": digits, "eui64": f"{digits[:6]}FFFE{digits[6:]}", "ip": ip,
             "id": name, **{k: str(v) for k, v in unit.items()}}  # fmt: skip
    speaks = tuple(
        (kind, _fill(values or {}, words))
        for step in unit.get("speaks") or model["speaks"]
        for kind, values in step.items()
    )
    return Persona(
        id=name,
        model_id=model["id"],
        batch=batch,
        label=_label(model, unit, speaks, words),
        mac=mac,
        ip=ip,
        via=model.get("via") or unit.get("via"),
        held_out=bool(model.get("held_out")),
        source=model["source"],
        speaks=speaks,
        known_by=tuple(str(unit[key]) for key in ("serial", "udi", "name") if key in unit),
    )


def _label(model: Mapping[str, Any], unit: Mapping[str, Any], speaks: tuple[Step, ...],
           words: Mapping[str, str]) -> Label:  # fmt: skip
    label = model["label"]
    return Label(
        manufacturer=unit.get("manufacturer") or label.get("manufacturer"),
        model=label.get("model"),
        also=tuple(label.get("also", ())),
        type=label.get("type"),
        roughly=tuple(label.get("roughly", ())),
        software=tuple(str(unit["software"]).split("\\")) if "software" in unit else (),
        serial=_said(unit.get("serial"), speaks),
        os=tuple(_fill(label.get("os", []), words)),
        device_class=model["class"],
        alternatives={k: tuple(v) for k, v in label.get("or", {}).items()},
    )


def _said(serial: Any, speaks: tuple[Step, ...]) -> str | None:
    """Return the serial number if more than a host name tells it."""
    told = any(
        str(serial) in str(values) for kind, values in speaks if kind not in ("dhcp", "tls_client")
    )
    return str(serial) if serial is not None and told else None


def _mac(oui: str, name: str) -> str:
    tail = hashlib.sha256(name.encode()).hexdigest()
    digits = (oui.replace(":", "").lower() + tail)[:12]
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _fill(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda m: words.get(m[1], m[0]), value)
    if isinstance(value, list):
        return [_fill(part, words) for part in value]
    if isinstance(value, dict):
        return {key: _fill(part, words) for key, part in value.items()}
    return value
