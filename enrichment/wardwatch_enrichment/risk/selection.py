"""Which devices somebody means: those of a ward, a network, a model …, or a single one.

Letter case does not count. A value is meant as it is, or else by what it begins with.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from wardwatch_enrichment.model import Device

_NEAR = 5


class SelectionError(ValueError):
    """Nothing is meant; the message says which values there are."""


def chosen(devices: Iterable[Device], wanted: Mapping[str, Sequence[str]]) -> list[Device]:
    """Return the devices that fit all that is asked; of several values for one key any will do.

    Raises `SelectionError` where nothing is asked, or nothing fits.
    """
    asked = {key: values for key, values in wanted.items() if values}
    if not asked:
        raise SelectionError("for which devices? Name a group: --" + ", --".join(KEYS))
    found = list(devices)
    for key, texts in asked.items():
        known = {value.casefold() for device in found for value in KEYS[key](device)}
        means = [_meant(key, text.strip(), known) for text in texts]
        fitting = [device for device in found if any(fits(device) for fits in means)]
        if not fitting:
            raise SelectionError(_nothing(key, texts, found, asked))
        found = fitting
    return found


def _meant(key: str, text: str, known: set[str]) -> Callable[[Device], bool]:
    """Return what tells whether a device has a value: this very one if any has it."""
    wanted = text.casefold()
    if key == "subnet" and (network := _network(text)):
        return lambda device: any(
            ip_address(ip).version == network.version and ip_address(ip) in network
            for ip in device.ips
        )
    exact = wanted in known and key != "device"
    return lambda device: (
        bool(wanted)
        and any(
            value.casefold() == wanted if exact else value.casefold().startswith(wanted)
            for value in KEYS[key](device)
        )
    )


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _nothing(
    key: str, texts: Sequence[str], devices: Iterable[Device], asked: Mapping[str, Sequence[str]]
) -> str:
    known = sorted({value for device in devices for value in KEYS[key](device)})
    by_case = {value.casefold(): value for value in known}
    text = texts[0].strip()
    near = difflib.get_close_matches(text.casefold(), by_case, n=_NEAR, cutoff=0.5)
    inside = [value for value in known if text and text.casefold() in value.casefold()]
    names = list(dict.fromkeys([*inside, *(by_case[one] for one in near)]))[:_NEAR]
    told = ", ".join(one[:60] for one in names or known[:_NEAR])
    others = [f"--{name} {', '.join(values)}" for name, values in asked.items() if name != key]
    among = f" among the devices with {' '.join(others)}" if others else ""
    hint = f"near it: {told}" if names else f"there are: {told}" if known else "none is known"
    return f"no device has the {key} {', '.join(texts)!r}{among}; {hint}"


def _told(*names: str) -> Callable[[Device], Iterator[str]]:
    def read(device: Device) -> Iterator[str]:
        return (a.value for a in device.attributes if a.current and a.name in names)

    return read


def _models(device: Device) -> Iterator[str]:
    if device.model:
        yield device.model
        if device.manufacturer:
            yield f"{device.manufacturer} {device.model}"


def _stated(name: str) -> Callable[[Device], Iterator[str]]:
    return lambda device: iter(filter(None, [getattr(device, name)]))


def _named(device: Device) -> Iterator[str]:
    yield from (device.id, *device.former_ids, *device.ips, *device.macs, *device.names)
    yield from filter(None, (device.hostname, device.serial_number))


# What a group is told by, with the values of a device.
KEYS: Mapping[str, Callable[[Device], Iterator[str]]] = {
    "site": _stated("site"),
    "ward": _told("ward", "location"),
    "building": _told("building"),
    "vlan": _told("vlan"),
    "subnet": _told("subnet"),
    "model": _models,
    "manufacturer": _stated("manufacturer"),
    "type": _stated("type"),
    "device": _named,
}
