"""What a site says of how much depends on its devices: facts of units, models, kinds and wards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from wardwatch_enrichment.content import plain
from wardwatch_enrichment.device_types import lineage
from wardwatch_enrichment.facts import Fact, contradicts, keys_in, keys_of, same_maker
from wardwatch_enrichment.model import Device

WEIGHS = ("safety", "effectiveness", "data", "life_sustaining", "high_risk", "spares", "phi")
_UNIT, _MODEL, _TYPE, _WARD = range(4)
_Key = tuple[str, str]


class Criticality:
    """The facts of one site that weigh its devices, ready to be asked for by device."""

    def __init__(self, found: Iterable[Fact]) -> None:
        self._by_key: defaultdict[_Key, list[Fact]] = defaultdict(list)
        for fact in found:
            if fact.kind == "criticality":
                for key in _filed(fact.values):
                    self._by_key[key].append(fact)

    def of(self, device: Device) -> dict[str, Fact]:
        """Return what is told of a device: by each of `WEIGHS`, the most exact and latest fact."""
        found: dict[str, Fact] = {}
        if not self._by_key:
            return found
        ward = _ward(device)
        known = {
            id(fact): fact
            for key in _asked(device, ward)
            for fact in self._by_key.get(key, ())
            if _fits(fact.values, device, ward)
        }
        for fact in sorted(known.values(), key=lambda fact: _rank(fact, device)):
            for name in WEIGHS:
                if name in fact.values:
                    found.setdefault(name, fact)
        return found


def _filed(values: Mapping[str, str]) -> Iterator[_Key]:
    """Yield under what a fact is looked up: the most exact that it names."""
    units = list(keys_in(values))
    yield from units
    if not units:
        name = next(name for name in ("model", "type", "ward") if name in values)
        yield name, plain(values[name])


def _asked(device: Device, ward: str | None) -> Iterator[_Key]:
    yield from keys_of(device)
    if device.model:
        yield "model", plain(device.model)
    for kind in lineage(device.type or ""):
        yield "type", plain(kind)
    if ward:
        yield "ward", plain(ward)


def _fits(values: Mapping[str, str], device: Device, ward: str | None) -> bool:
    """Tell whether all that a fact names is so; what is not known of a device fits nothing."""
    told = {"model": device.model, "ward": ward}
    return (
        all(
            name not in values or plain(values[name]) == plain(is_ or "")
            for name, is_ in told.items()
        )
        and ("type" not in values or values["type"] in lineage(device.type or ""))
        and ("manufacturer" not in values or same_maker(values, device))
        and not contradicts(values, device)
    )


def _ward(device: Device) -> str | None:
    """Return the ward, as its own row of the register says it, or else the plan."""
    return next((a.value for a in device.attributes if a.name == "ward" and a.current), None)


def _rank(fact: Fact, device: Device) -> tuple[float, ...]:
    """Sort the most exact first, the later before the earlier."""
    values, kinds = fact.values, lineage(device.type or "")
    if list(keys_in(values)):
        exact = _UNIT
    elif "model" in values:
        exact = _MODEL
    else:
        exact = _TYPE if "type" in values else _WARD
    far = kinds.index(values["type"]) if "type" in values else len(kinds)
    return exact, far, -len(values.keys() - {*WEIGHS, "by", "note"}), -fact.at, -fact.line
