"""The variables that the identity rules keep of a flow, and what they state.

Their names tell the side: ``c_`` of the client, ``s_`` of the server. What the rest is stands in
the table beside the rules, suricata-rules/flowvars.yaml. Variables of other rules are passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import unescape

import yaml

CLIENT, SERVER = "c_", "s_"
_TABLE = "suricata-rules/flowvars.yaml"

# By these, as far as they are there, one described device is told from another. The hash over
# DICOM's is the one that the sensor's scripts make.
_TELLS_APART = {
    "dicom": (
        "dicom.manufacturer",
        "dicom.manufacturer_model_name",
        "dicom.device_serial_number",
        "dicom.station_name",
    ),
    "hl7": ("hl7.model", "hl7.serial_number", "hl7.equipment_instance"),
    "poct1a": ("poct1a.vendor_id", "poct1a.model_id", "poct1a.serial_id", "poct1a.device_id"),
}
# What such a description says of its sender, and of who takes it in and so may pass it on.
_SENT = {"dicom": [("dicom.role", "storage SCU")]}
_TAKEN_IN = {
    "dicom": [("dicom.role", "storage SCP")],
    "hl7": [("hl7.received", "message")],
    "poct1a": [("poct1a.received", "HEL.R01")],
}
_HL7_ESCAPED = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}  # HL7 v2.8 chapter 2, 2.7.1
_HL7_ESCAPE = re.compile(r"\\([FSTRE])\\")
_PLACE = ("fac", "bldng", "flr", "poc", "rm", "bed")  # IEEE 11073-20701, from the outside in


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An entry of the table; its head says what each key means."""

    field: str
    form: str | None = None
    subject: str | None = None


class Kept(NamedTuple):
    """What a variable states of the host on one side of its flow."""

    side: str
    field: str
    value: str
    subject: str | None = None


def ours(variables: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Return those of a flow's variables that identity rules keep."""
    return [
        {name: value}
        for kept in variables
        for name, value in kept.items()
        if isinstance(value, str) and name.startswith((CLIENT, SERVER)) and _rest(name) in table()
    ]


def dissector(variables: Iterable[dict[str, str]]) -> str | None:
    """Return the protocol that was recognised where rules kept these variables."""
    return next((_rest(name).partition("__")[0] for kept in variables for name in kept), None)


def statements(variables: Iterable[tuple[str, str]]) -> list[Kept]:
    """Return what a flow's variables state; what describes one device has one subject."""
    said: defaultdict[str, dict[Variable, str]] = defaultdict(dict)
    for name, text in variables:
        about = table()[_rest(name)]
        if value := _FORMS[about.form](text.strip(" \0")):
            said[name[: len(CLIENT)]][about] = value
    return [statement for side, values in said.items() for statement in _of_side(side, values)]


def _of_side(side: str, values: dict[Variable, str]) -> list[Kept]:
    described = {about.subject for about in values if about.subject}
    subjects = {word: _subject(word, values) for word in described}
    other = SERVER if side == CLIENT else CLIENT
    found = [
        Kept(side, about.field, value, subjects[about.subject] if about.subject else None)
        for about, value in values.items()
    ]
    for word, subject in sorted(subjects.items()):
        found += [Kept(side, *said) for said in _SENT.get(word, ())]
        found += [Kept(other, *said) for said in _TAKEN_IN.get(word, ())]
        if word == "dicom":  # of which it is known whose data were taken in
            found.append(Kept(other, "dicom.received", "C-STORE", subject))
    return found


def _subject(word: str, values: dict[Variable, str]) -> str:
    """Return what stands for the device that is described."""
    told = {about.field: value for about, value in values.items() if about.subject == word}
    by = _TELLS_APART.get(word, tuple(sorted(told)))
    digest = hashlib.sha256("\n".join(told.get(field, "") for field in by).encode()).hexdigest()
    return f"{word}:{digest[:32]}"


def _hl7(value: str) -> str:
    """Return a value without escapes; one of several components keeps them."""
    if "^" in value:
        return value
    return _HL7_ESCAPE.sub(lambda found: _HL7_ESCAPED[found[1]], value)


def _xml(value: str) -> str:
    return unescape(value, {"&quot;": '"', "&apos;": "'"})


def _query(value: str) -> str:
    told = parse_qs(_xml(value))
    return "/".join(told[name][0] for name in _PLACE if name in told)


def _mac(value: str) -> str:
    return value.replace("-", ":").lower()


_FORMS: dict[str | None, Callable[[str], str]] = {
    None: str, "hl7": _hl7, "xml": _xml, "query": _query, "mac": _mac
}  # fmt: skip


def _rest(name: str) -> str:
    return name[len(CLIENT) :]


@cache
def table() -> dict[str, Variable]:
    """Return every variable by its name without its side."""
    installed = files(__package__).joinpath(_TABLE)
    checkout = Path(__file__).parents[2] / _TABLE
    text = (installed if installed.is_file() else checkout).read_text(encoding="utf-8")
    variables = yaml.safe_load(text)["variables"]
    return {name: Variable(**entry) for name, entry in variables.items()}
