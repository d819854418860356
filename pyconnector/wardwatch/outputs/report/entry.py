"""A device as the pages show it: what it is called, where it stands, what is to be done first."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from wardwatch.outputs.report.given import Given
from wardwatch.outputs.report.picture import level
from wardwatch_enrichment.finding import OPEN, SETTLED, Finding
from wardwatch_enrichment.mitigation.words import AGREE
from wardwatch_enrichment.model import Attribute, Device, standings
from wardwatch_enrichment.risk.case import Factors
from wardwatch_enrichment.risk.cutting import is_grave
from wardwatch_enrichment.risk.rating import URGENCY, DeviceRisk, Rated
from wardwatch_enrichment.risk.records import Decision, Standing

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

PLACE = {
    "ward": "Ward",
    "building": "Building",
    "owner": "Owner",
    "phone": "Phone",
    "subnet": "Network",
    "zone": "Zone",
    "asset_tag": "Asset tag",
}
"""Where it stands and whom to call, by the site's register and plan, as they are shown."""

ACCEPTED, NOTHING, UNIDENTIFIED = "Accepted", "No finding", "Not identified"
STATES = (*URGENCY, ACCEPTED, NOTHING, UNIDENTIFIED)
"""What a device comes to: the label of its most urgent finding, or why it has none."""

WORST = 3  # findings on the card
_SAFE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_NOBODY = Standing()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A device with what the pages call it: its heading, and the name of its section or page.

    `given` is None where nobody rated its findings.
    """

    device: Device
    given: Given | None = None

    @cached_property
    def _named(self) -> list[str]:
        device = self.device
        names = [device.hostname] if device.hostname else []
        return names + [name for name in device.names if name not in names]

    @property
    def label(self) -> str:
        """What people call it."""
        return [*self._named, *self.device.ips, *self.device.macs, self.device.id][0]

    @property
    def other_names(self) -> tuple[str, ...]:
        """Its further names."""
        return tuple(self._named[1:])

    @property
    def class_label(self) -> str | None:
        """Its class, as it is shown."""
        return CLASSES[self.device.device_class]

    @property
    def anchor(self) -> str:
        """The name of its section or page, which no id can make a path of."""
        name = self.device.id
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        return name if _SAFE_ID.fullmatch(name) else f"id-{digest[:32]}"

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

    @cached_property
    def place(self) -> dict[str, str]:
        """What the site tells of it by the names of the attributes; the note is one of them."""
        return {
            a.name: a.value
            for a in reversed(self.device.attributes)
            if a.current and (a.name in PLACE or a.name == "note")
        }

    @property
    def where(self) -> list[tuple[str, str | None]]:
        """Where it stands and whom to call, None for unknown."""
        always = ("ward", "owner", "phone")
        known = self.place
        return [(t, known.get(n)) for n, t in PLACE.items() if n in known or n in always]

    @cached_property
    def rated(self) -> tuple[Rated, ...]:
        """What is open, the worst first; what is not affected is left out."""
        known = self.given.appraised.get(self.device.id) if self.given else None
        return tuple(one for one in known.rated if one.finding.affected in OPEN) if known else ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is open, the worst first."""
        return tuple(one.finding for one in self.rated)

    @property
    def risk(self) -> DeviceRisk | None:
        """What its findings come to together, None where there are none that count."""
        known = self.given.appraised.get(self.device.id) if self.given else None
        return known.whole if known and any(is_counted(one) for one in known.rated) else None

    @cached_property
    def counted(self) -> tuple[Rated, ...]:
        """What somebody still has to decide on or to mend."""
        return tuple(o for o in self.rated if is_counted(o) and self.accepted(o) is None)

    @cached_property
    def labels(self) -> Counter[str]:
        """How many of its findings have each label; those accepted are apart."""
        return Counter(self.word(one) for one in self.rated if is_counted(one))

    @property
    def state(self) -> str | None:
        """What it comes to, one of `STATES`; None where nobody rated its findings."""
        if self.given is None:
            return None
        known = next((state for state in STATES if self.labels[state]), None)
        return known or (NOTHING if self.device.model else UNIDENTIFIED)

    @property
    def due_days(self) -> int | None:
        """Within how many days the first measure must be in place."""
        days = (one.risk.due_days for one in self.counted)
        return min((one for one in days if one is not None), default=None)

    @property
    def due(self) -> float | None:
        """Until when the first measure must be in place."""
        clocks = (one.clock for one in self.counted)
        return min((c.due for c in clocks if c and c.due is not None), default=None)

    def standing(self, one: Rated) -> Standing:
        """Return what people decided of a finding."""
        known: Mapping[str, Standing] = self.given.standings if self.given else {}
        return known.get(one.finding.id, _NOBODY)

    def accepted(self, one: Rated) -> Decision | None:
        """Return the acceptance of a finding that holds now."""
        return self.standing(one).accepted

    def word(self, one: Rated) -> str:
        """Return the label of a finding, or that its risk is accepted."""
        return ACCEPTED if self.accepted(one) else one.risk.label

    @property
    def hours(self) -> str | None:
        """When it is on the network, in a sentence; None for not known."""
        return self.given.hours.get(self.device.id) if self.given else None

    def advice(self, one: Rated) -> Sequence[str]:
        """Return what can be done about a finding on this device, the first choice first.

        Who must agree stands in front, where no text is cut off.
        """
        known = self.given.measures.get(one.finding.id, ()) if self.given else ()
        return [_agreed(measure.text) for measure in known] or one.finding.actions

    def level(self, title: str, score: float) -> Markup:
        """Draw a score on one axis."""
        return level(title, score, self.given.figures if self.given else None)

    @property
    def worst(self) -> tuple[Rated, ...]:
        """What stands on the card."""
        return self.counted[:WORST]

    @property
    def factors(self) -> Factors | None:
        """What its loss does on each axis."""
        return self.given.factors.get(self.device.id) if self.given else None

    @property
    def keep(self) -> str | None:
        """Why nobody may isolate it without clinical engineering; None where nothing tells so."""
        weighed = self.factors
        if weighed and weighed.life:
            return "it sustains life, or its alarm may be the only warning"
        if weighed and is_grave(weighed):
            return "its failure can harm patients gravely"
        return None

    @property
    def urgency(self) -> tuple[object, ...]:
        """Sort the most urgent first."""
        state = self.state
        score = self.risk.score if self.risk else 0.0
        return (STATES.index(state) if state else 0, -score)


def is_counted(one: Rated) -> bool:
    """Tell whether a finding counts; what is alike in name only does not."""
    return one.finding.affected not in SETTLED


def is_late(one: Rated, now: float) -> bool:
    """Tell whether a measure should have been in place."""
    return one.clock is not None and one.clock.due is not None and one.clock.due < now


def _agreed(text: str) -> str:
    return f"{AGREE} {text.removesuffix(AGREE).rstrip()}" if text.endswith(AGREE) else text


def _title(name: str) -> str:
    return ATTRIBUTES.get(name) or PLACE.get(name) or name.replace("_", " ").capitalize()
