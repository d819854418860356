"""Which open recalls a device may be in: maker and product agree; a unit only where it is named.

A recall is of lots, serial numbers or versions, told in words (`Recall.codes`). That a device is of
the product says little yet: the scope is proven only where one of its own numbers stands there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from wardwatch_enrichment import products, vendors
from wardwatch_enrichment.content import is_unit_serial
from wardwatch_enrichment.model import Device, Recall

CLOSED = ("terminated", "completed")
_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
_VERSION = r"(?:software|firmware|version|ver|rev|revision|v)\W{0,3}(?:version\W{0,3})?"
_OTHERS = re.compile(
    r"\b(?:prior to|before|below|earlier than|lower than|less than|other than|except\w*|exclud\w*"
    r"|not|fixed in|corrected in|upgraded? to|updated? to|after|above|later than)"
    r"\W*(?:[\w.]+\W+){0,3}$",
    re.IGNORECASE,
)
_LONGEST = 60  # characters before a number that can turn its meaning round
_NUMBERS = ("serial_number", "lot_number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A recall that a device may be in. `scope` is what proves that it is, or None."""

    recall: Recall
    product: str
    scope: str | None


class Recalls(Sequence[Recall]):
    """Recalls that are found by their firm and the words of their products.

    Make it once for all devices: it remembers what each model is under.
    """

    def __init__(self, recalls: Iterable[Recall]) -> None:
        self._all = tuple(recalls)
        self._of: defaultdict[tuple[str, str], list[tuple[Recall, str]]] = defaultdict(list)
        self._under: dict[tuple[str, str], tuple[tuple[Recall, str], ...]] = {}
        for recall in self._all:
            if not is_open(recall):
                continue
            text = _spelled(recall.product)
            for maker in vendors.lineage(recall.firm):
                for word in set(text.split()):
                    self._of[maker, word].append((recall, text))

    @overload
    def __getitem__(self, at: int) -> Recall: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Recall, ...]: ...
    def __getitem__(self, at: int | slice) -> Recall | tuple[Recall, ...]:
        """Return one or some of all recalls, open or not."""
        return self._all[at]

    def __len__(self) -> int:
        """Return how many recalls there are, open or not."""
        return len(self._all)

    def of(self, device: Device) -> Iterator[Hit]:
        """Yield the open recalls that may be of a device, each once."""
        kind = (device.manufacturer or "", device.model or "")
        if not self._of or not all(kind):
            return
        if kind not in self._under:
            self._under[kind] = tuple(self._about(*kind))
        for recall, name in self._under[kind]:
            yield Hit(recall=recall, product=name, scope=scope(recall, device))

    def _about(self, manufacturer: str, model: str) -> Iterator[tuple[Recall, str]]:
        """Yield the open recalls of a model, each with the name that it goes by there."""
        makers = tuple(sorted(products.makers(manufacturer)))
        seen: set[str] = set()
        for name, spelled in _names(makers, model):
            rarest = max(spelled.split(), key=len)
            for recall, text in (one for m in makers for one in self._of.get((m, rarest), ())):
                if spelled in text and recall.number not in seen:
                    seen.add(recall.number)
                    yield recall, name


def is_open(recall: Recall) -> bool:
    """Tell whether a recall is not over; one that does not say so is open."""
    return recall.terminated is None and (recall.status or "").casefold() not in CLOSED


def scope(recall: Recall, device: Device) -> str | None:
    """Return by what a recall's own words mean this very unit; None where nothing proves it."""
    for attribute in device.attributes:
        if attribute.name in _NUMBERS and attribute.current:
            number = attribute.value
            if is_unit_serial(number) and _stands(re.escape(number), recall.codes):
                return f"{attribute.name.replace('_', ' ')} {number}"
    for version in device.software_versions:
        if _stands(_VERSION + re.escape(version), recall.codes):
            return f"software version {version}"
    return None


def _stands(pattern: str, text: str) -> bool:
    """Tell whether something stands in a text as a whole, and is not what is left out of it."""
    whole = rf"(?<![\w.-]){pattern}(?![\w-]|\.\w)"
    return any(
        not _OTHERS.search(text[max(0, found.start() - _LONGEST) : found.start()])
        and not re.match(r"\W{0,3}(?:and|or) (?:higher|later|above|newer)", text[found.end() :])
        for found in re.finditer(whole, text, re.IGNORECASE)
    )


def _names(makers: tuple[str, ...], model: str) -> list[tuple[str, str]]:
    """Return the names that a recall may call a model by, each also as it is looked for.

    Of a line they are those that say no less than the model's own: a line can hold several models.
    A name of few digits, or of one or two letters, is too many things.
    """
    line = products.find(makers, model) if model else None
    known = [model]
    if line:
        words = set(_spelled(products.bare(makers, model)).split())
        spelled = (line.name, *line.aliases)
        known += [name for name in spelled if words <= set(_spelled(name).split())]
        known += line.models if model == line.name else ()
        known += [line.name] if model in line.models else ()
    found = {name: _spelled(products.bare(makers, name)) for name in known if name}
    return [(name, text) for name, text in found.items() if _tells(text.strip())]


def _tells(text: str) -> bool:
    return (len(text) >= 3 and any(c.isalpha() for c in text)) or len(text) >= 5


def _spelled(text: str) -> str:
    """Return the words of a text, so that only whole ones are found in it."""
    return f" {' '.join(_TOKEN.findall(text.casefold().replace('+', ' plus ')))} "
