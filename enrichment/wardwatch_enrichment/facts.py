"""What a site knows of itself: its address plan, its boundaries, its equipment register.

Facts win over evidence, and stay apart from it: they are laid over a device where it is shown.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Literal

from wardwatch_enrichment import overlay, products, vendors
from wardwatch_enrichment.content import data, is_unit_serial, plain
from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.model import Device

FactKind = Literal["subnet", "boundary", "device", "patch", "bench", "mds2"]
ZONES = ("internet", "guest", "enterprise", "clinical", "isolated")
ACTIONS = ("permit", "deny")
PATCHED = ("applied", "approved", "refused")
TESTED = ("exploitable", "not exploitable")
KEYS = ("serial_number", "mac", "hostname", "ip")  # what names a unit, the surest first
_YES, _NO = ("yes", "y", "true", "on", "1", "x"), ("no", "n", "false", "off", "0")
_ANSWERS = {
    **dict.fromkeys(("yes", "y", "true"), "yes"),
    **dict.fromkeys(("no", "n", "false"), "no"),
    **dict.fromkeys(("n/a", "na", "not applicable"), "n/a"),
    **dict.fromkeys(("see note", "see notes"), "see note"),
}
_VULNERABILITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{3,80}")
_Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of what a site told. `source` and `line` are where it stands."""

    kind: FactKind
    values: Mapping[str, str]
    source: str
    line: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What was seen of a subnet of the plan; `last_seen` is None for a blind spot."""

    cidr: str
    name: str
    tapped: bool | None
    devices: int
    last_seen: float | None


@cache
def columns() -> dict[str, dict[str, Any]]:
    """Return, for each kind of fact, its columns and their spellings."""
    found: dict[str, dict[str, Any]] = data("fact_columns.yaml")
    return found


def checked(kind: FactKind, row: Mapping[str, str]) -> dict[str, str]:
    """Return a row in its canonical form; raise ValueError with what is wrong in it."""
    values = {name: text.strip() for name, text in row.items() if text.strip()}
    about = columns()[kind]
    if missing := [name for name in about.get("needs", ()) if name not in values]:
        raise ValueError(f"no {' and no '.join(missing)}")
    if "any" in about and not values.keys() & set(about["any"]):
        raise ValueError(f"needs one of {', '.join(about['any'])}")
    return {name: _checked(name, text) for name, text in values.items()}


def _network(text: str) -> str:
    return "any" if text.lower() in ("any", "*") else str(ip_network(text))


def _mac(text: str) -> str:
    digits = plain(text)
    if len(digits) != 12 or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"{text!r} is no hardware address")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _yes_or_no(text: str) -> str:
    return "yes" if _one_of(*_YES, *_NO)(text) in _YES else "no"


def _one_of(*known: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text.lower() not in known:
            raise ValueError(f"{text!r} is none of {', '.join(known)}")
        return text.lower()

    return check


@cache
def _types() -> dict[str, str]:
    kinds = device_types().values()
    also = {plain(spelling): kind.name for kind in kinds for spelling in kind.also}
    return also | {plain(kind.name): kind.name for kind in kinds}


def _vulnerability(text: str) -> str:
    if not _VULNERABILITY.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no number of a vulnerability or an advisory")
    return text.upper()


_CHECKS: dict[str, Callable[[str], str]] = {
    "cidr": lambda text: str(ip_network(text)),
    "from": _network,
    "to": _network,
    "ip": lambda text: str(ip_address(text)),
    "mac": _mac,
    "zone": _one_of(*ZONES),
    "action": _one_of(*ACTIONS),
    "status": _one_of(*PATCHED),
    "result": _one_of(*TESTED),
    "vulnerability": _vulnerability,
    "question": lambda text: text.upper(),
    "answer": lambda text: _ANSWERS.get(text.casefold(), text),
    "date": lambda text: date.fromisoformat(text).isoformat(),
    "expires": lambda text: date.fromisoformat(text).isoformat(),
    "tapped": _yes_or_no,
    "manufacturer": lambda text: vendors.canonical(text) or text,
    "type": lambda text: _types().get(plain(text), text),
}


def _checked(name: str, text: str) -> str:
    try:
        return _CHECKS.get(name, str)(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


class Facts:
    """The facts of one site, ready to be laid over its devices."""

    def __init__(self, found: Iterable[Fact]) -> None:
        self._subnets: dict[_Network, Fact] = {}
        self._by_key: defaultdict[tuple[str, str], list[tuple[int, Fact]]] = defaultdict(list)
        for number, fact in enumerate(found):
            if fact.kind == "subnet":
                self._subnets[ip_network(fact.values["cidr"])] = fact
            elif fact.kind == "device":
                for key in keys_in(fact.values):
                    self._by_key[key].append((number, fact))
        sizes: defaultdict[tuple[int, int], dict[int, Fact]] = defaultdict(dict)
        for network, fact in self._subnets.items():
            bits = network.max_prefixlen - network.prefixlen
            sizes[network.version, bits][int(network.network_address) >> bits] = fact
        self._sizes = sorted(sizes.items())  # the smallest subnets first

    def lay_over(self, devices: Iterable[Device]) -> list[Device]:
        """Return all devices of the site with what it knows of them and of their places."""
        known = list(devices)
        own = self.owned(known)
        return [self.laid_over(device, own.get(device.id)) for device in known]

    def laid_over(self, device: Device, own: Fact | None) -> Device:
        """Return one device with its place and its own row of the register, as `owned` has it."""
        return overlay.laid_over(device, own, self._place(device))

    def owned(self, devices: Iterable[Device]) -> dict[str, Fact]:
        """Return the register's row of each device; a row is of one, which has the surest key."""
        claims = [
            (KEYS.index(key[0]), not same_maker(fact.values, device), -number, -device.last_seen,
             device.id, fact)
            for device in devices
            for key in keys_of(device)
            for number, fact in self._by_key.get(key, ())
            if not contradicts(fact.values, device)
        ]  # fmt: skip
        owned: dict[str, Fact] = {}
        given: set[int] = set()
        for rank, _, number, _, device_id, fact in sorted(claims, key=lambda claim: claim[:5]):
            if device_id not in owned and number not in given:
                owned[device_id] = fact
                given.add(number)
            elif device_id in owned and KEYS[rank] in ("serial_number", "mac"):
                given.add(number)  # an older row of the same unit
        return owned

    def _place(self, device: Device) -> Fact | None:
        return next((fact for ip in device.ips if (fact := self.subnet_of(ip))), None)

    def subnet_of(self, ip: str) -> Fact | None:
        """Return the smallest subnet of the plan that an address lies in."""
        if not self._sizes:
            return None
        address = ip_address(ip)
        number = int(address)
        for (version, bits), facts in self._sizes:
            if version == address.version and (fact := facts.get(number >> bits)):
                return fact
        return None

    def coverage(self, devices: Iterable[Device]) -> tuple[list[Covered], Counter[str]]:
        """Return what was seen of each subnet, and the addresses outside the plan by their /24."""
        seen: defaultdict[int, list[float]] = defaultdict(list)
        outside: Counter[str] = Counter()
        for device in devices:
            for ip in device.ips:
                fact = self.subnet_of(ip)
                if fact:
                    seen[id(fact)].append(device.last_seen)
                elif not ip_address(ip).is_link_local:
                    bits = 24 if ip_address(ip).version == 4 else 64
                    outside[str(ip_network(f"{ip}/{bits}", strict=False))] += 1
        return [
            _covered(fact, seen[id(fact)])
            for _, fact in sorted(self._subnets.items(), key=lambda item: _by_order(item[0]))
        ], outside


def _by_order(subnet: _Network) -> tuple[int, int, int]:
    return subnet.version, int(subnet.network_address), subnet.prefixlen


def _covered(fact: Fact, seen: list[float]) -> Covered:
    tapped = fact.values.get("tapped")
    return Covered(
        cidr=fact.values["cidr"],
        name=fact.values.get("name", ""),
        tapped=None if tapped is None else tapped == "yes",
        devices=len(seen),
        last_seen=max(seen, default=None),
    )


def keys_of(device: Device) -> list[tuple[str, str]]:
    """Return by what facts can name a device, the surest first."""
    keys = [("mac", mac) for mac in device.macs]
    if device.serial_number and is_unit_serial(device.serial_number):
        keys.insert(0, ("serial_number", plain(device.serial_number)))
    keys += [("hostname", device.hostname.casefold())] if device.hostname else []
    return keys + [("ip", ip) for ip in device.ips]


def keys_in(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield by what a fact names a device."""
    for name in KEYS:
        if text := values.get(name):
            if name == "serial_number":
                yield name, plain(text)
            else:
                yield name, text.casefold()


def contradicts(values: Mapping[str, str], device: Device) -> bool:
    """Tell whether an entry is of another unit.

    An address is given to the next device, and makers number their units alike.
    """
    serial, mac = values.get("serial_number"), values.get("mac")
    same = False
    if serial and device.serial_number:
        if plain(serial) != plain(device.serial_number):
            return True
        same = is_unit_serial(serial)
    if mac and device.macs and (mac in device.macs or not same):
        return mac not in device.macs
    makers = _makers(values.get("manufacturer")), _makers(device.manufacturer)
    return same and all(makers) and not same_maker(values, device)


def same_maker(values: Mapping[str, str], device: Device) -> bool:
    """Tell whether an entry names the known maker of a device, or who took that over."""
    return bool(_makers(values.get("manufacturer")) & _makers(device.manufacturer))


def _makers(name: str | None) -> frozenset[str]:
    """Return the names of a maker that is known; a spelling that nobody knows agrees with none."""
    return products.makers(name) if name and vendors.canonical(name) else frozenset()
