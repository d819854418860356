"""What a description says that tells one device from another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from wardwatch_enrichment.content import identifies, is_unit_serial, plain
from wardwatch_enrichment.fingerprint import match
from wardwatch_enrichment.model import Claim, Observation
from wardwatch_enrichment.statements import read

# `unit` holds the serial numbers that can be one unit's alone.
Profile = dict[str, set[str]]

_PROFILE = ("manufacturer", "model", "serial_number", "names", "udi")
_SPELLED = ("manufacturer", "model")  # Avanto and MAGNETOM Avanto do not contradict each other
_OF_ONE_UNIT = ("eui64", "mac", "uuid", "udi", "serial", "bacnet")
_TELLS_APART = (*_PROFILE, "macs", *(f"the {kind}" for kind in _OF_ONE_UNIT))
_MODELS = 16  # a serial number under more models than that is a counter's, and no key
_GS1_SERIAL = "(21)"
_SURE = 0.6  # a weaker statement neither joins nor parts devices


def profile_of(claims: Iterable[Claim], subject: str = "") -> Profile:
    """Collect what claims say of a device's identity, in a form that can be compared.

    `subject` is the node of a described device: what names one unit alone is in it.
    """
    profile: Profile = defaultdict(set)
    _, _, told = subject.partition("subject:")
    kind, _, unit = told.partition("@")[0].partition(":")
    if kind in _OF_ONE_UNIT and unit:
        profile[f"the {kind}"].add(unit)
    for claim in claims:
        for name, value, confidence, _ in read(claim.first.field, claim.first.value):
            if confidence < _SURE or not identifies(value):
                continue
            if name == "macs":
                profile["macs"].add(value.lower())
            elif name in _PROFILE and (name != "udi" or _GS1_SERIAL in value):
                profile[name].add(plain(value))
            if name == "serial_number" and is_unit_serial(value):
                profile["unit"].add(plain(value))
    return profile


def tokens(first: Observation) -> Iterator[str]:
    """Yield what a claim can have in common with one of another host of the same device.

    More than identity rests on: what shares a token is only looked at together.
    """
    if first.mac:
        yield f"mac:{first.mac}"
    if first.subject:
        yield f"subject:{first.subject}"
    for name, value, _, _ in read(first.field, first.value):
        if name == "macs":
            yield f"mac:{value.lower()}"
        elif name == "udi" or (name == "serial_number" and is_unit_serial(value)):
            yield f"{name}:{plain(value)}"


def unit_serials(first: Observation) -> Iterator[str]:
    """Yield the serial numbers in a claim that can be one unit's alone."""
    for name, value, confidence, _ in read(first.field, first.value):
        if name == "serial_number" and confidence >= _SURE and is_unit_serial(value):
            yield plain(value)


def is_one_unit(subject: str, profile: Profile) -> bool:
    """Tell whether a description can be of one unit alone, whoever sends it."""
    if subject.partition(":")[0] in _OF_ONE_UNIT or profile.get("udi"):
        return True
    return bool(profile.get("unit") and profile.get("manufacturer"))


def identity_keys(profiles: Mapping[str, Profile]) -> dict[str, list[str]]:
    """Return the serial, UDI and MAC keys of each node.

    One serial under two models of a manufacturer is two devices: the model joins the key.
    """
    models: defaultdict[str, set[str]] = defaultdict(set)
    serials: dict[str, list[str]] = {}
    for node, profile in profiles.items():
        serials[node] = [
            f"serial:{maker}|{serial}"
            for maker in sorted(profile.get("manufacturer", ()))
            for serial in sorted(profile.get("unit", ()))
        ]
        for key in serials[node]:
            models[key] |= profile.get("model", set())
    apart = {key: _different(every) for key, every in models.items() if len(every) <= _MODELS}
    return {
        node: [
            *(f"udi:{udi}" for udi in sorted(profile.get("udi", ()))),
            # A host's own MAC is its node; only a described one is a key.
            *(f"mac:{m}" for m in sorted(profile.get("macs", ())) if node.startswith("subject:")),
            *(
                key + _which(profile.get("model", set()), apart[key])
                for key in serials[node]
                if key in apart
            ),
        ]
        for node, profile in profiles.items()
    }


def _different(every: set[str]) -> list[str]:
    """Return the models that are not another spelled shorter."""
    return sorted(one for one in every if not any(one in other for other in every - {one}))


def _which(own: set[str], different: list[str]) -> str:
    """Return what tells a model from the others of its serial number; empty if it is the only."""
    if len(different) <= 1:
        return ""
    return "|" + "|".join(d for d in different if any(model in d for model in own))


def joint(profiles: Iterable[Profile]) -> Profile:
    """Return all that is said of one device."""
    known: Profile = defaultdict(set)
    for profile in profiles:
        for name, values in profile.items():
            known[name] |= values
    return known


def agree(profiles: Iterable[Profile]) -> bool:
    """Tell whether descriptions can be of one device: no two of them contradict each other."""
    known: Profile = defaultdict(set)
    for profile in profiles:
        if not known["unit"] & profile.get("unit", set()):
            for name in _TELLS_APART:
                if _differ(name, known[name], profile.get(name, set())):
                    return False
        for name, values in profile.items():
            known[name] |= values
    return True


def speaks_for_another(host: str, described: Profile) -> bool:
    """Tell whether a host's own MAC and the one that it describes are of two makers.

    Then it is a gateway's computer, and no second interface of the device.
    """
    kind, _, mac = host.partition(":")
    if kind != "mac" or not described.get("macs") or mac in described["macs"]:
        return False
    own = _maker(mac)
    return bool(own) and all(_maker(other) not in ("", own) for other in described["macs"])


def _maker(mac: str) -> str:
    known = match("mac", mac)
    return known.states.get("manufacturer", "") if known else ""


def _differ(name: str, some: set[str], others: set[str]) -> bool:
    if not some or not others or some & others:
        return False
    return name not in _SPELLED or not any(a in b or b in a for a in some for b in others)
