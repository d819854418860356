"""What a site knows of itself: its address plan, its boundaries, its equipment register.

Facts win over evidence, and stay apart from it: they are laid over a device where it is shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from wardwatch_enrichment import overlay, products, vendors
from wardwatch_enrichment.content import is_unit_serial, plain
from wardwatch_enrichment.fact_checks import FactKind
from wardwatch_enrichment.model import Device

KEYS = ("serial_number", "mac", "hostname", "ip")  # what names a unit, the surest first
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
