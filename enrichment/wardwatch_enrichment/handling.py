"""What a site did about vulnerabilities of its devices: patches, bench tests, MDS2 answers.

A fact that names a unit (serial number, address, name) is of that unit alone; one that names a
model is of all units of the model, by this maker and of this software where it says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wardwatch_enrichment import products
from wardwatch_enrichment.content import plain
from wardwatch_enrichment.facts import Fact, contradicts, keys_in, keys_of
from wardwatch_enrichment.model import Device

KINDS = ("patch", "bench", "mds2")


class Handling:
    """The facts of one site that are about vulnerabilities, ready to be asked for by device."""

    def __init__(self, found: Iterable[Fact]) -> None:
        self._by_unit: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
        self._by_model: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in found:
            if fact.kind not in KINDS:
                continue
            keys = list(keys_in(fact.values))
            for key in keys:
                self._by_unit[key].append(fact)
            if not keys:
                self._by_model[plain(fact.values["model"])].append(fact)

    def of(self, device: Device) -> tuple[Fact, ...]:
        """Return the facts that are about a device, those of the unit first."""
        own = [fact for key in keys_of(device) for fact in self._by_unit.get(key, [])]
        found = [fact for fact in own if not contradicts(fact.values, device)]
        if device.model:
            named = self._by_model.get(plain(device.model), [])
            found += [fact for fact in named if _is_of(fact, device)]
        return tuple({id(fact): fact for fact in found}.values())


def _is_of(fact: Fact, device: Device) -> bool:
    """Tell whether a fact about a model is of this unit: what is not known fits nothing."""
    maker = fact.values.get("manufacturer")
    if maker and not products.makers(maker) & products.makers(device.manufacturer or ""):
        return False
    version = fact.values.get("software_versions")
    return not version or plain(version) in {plain(known) for known in device.software_versions}
