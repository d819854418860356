"""What a site knows of itself: its address plan, its boundaries, its equipment register.

Facts win over evidence, and stay apart from it: they are laid over a device where it is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Literal

import yaml

from wardwatch_enrichment import device_types, vendors
from wardwatch_enrichment.content import is_unit_serial, plain
from wardwatch_enrichment.model import Attribute, Device, Evidence

FactKind = Literal["subnet", "boundary", "device", "patch", "bench", "mds2"]
ZONES = ("internet", "guest", "enterprise", "clinical", "isolated")
ACTIONS = ("permit", "deny")
PATCHED = ("applied", "approved", "refused")
TESTED = ("exploitable", "not exploitable")
_ADDRESSES = ("ip", "mac")
_PLACE = ("subnet", "zone", "building", "ward", "owner", "phone")
_OVER = ("manufacturer", "model", "type", "serial_number", "hostname")
_YES, _NO = ("yes", "y", "true", "1", "x"), ("no", "n", "false", "0")
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
    text = files(__package__).joinpath("fact_columns.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
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
}


def _checked(name: str, text: str) -> str:
    try:
        return _CHECKS.get(name, str)(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


class Facts:
    """The facts of one site, ready to be laid over its devices."""

    def __init__(self, found: Iterable[Fact]) -> None:
        self._subnets: list[tuple[_Network, Fact]] = []
        self._by_key: dict[tuple[str, str], Fact] = {}
        for fact in found:
            if fact.kind == "subnet":
                self._subnets.append((ip_network(fact.values["cidr"]), fact))
            elif fact.kind == "device":
                for key in keys_in(fact.values):
                    self._by_key[key] = fact
        self._subnets.sort(key=lambda subnet: subnet[0].prefixlen, reverse=True)

    def apply(self, device: Device) -> Device:
        """Return a device with what the site knows of it and of its place."""
        own = self._of(device)
        place = self._place(device)
        if own is None and place is None:
            return device
        told = list(_told(own, place))
        names = {attribute.name for attribute in told if attribute.name in _OVER}
        kept = [
            replace(attribute, current=attribute.current and attribute.name not in names)
            for attribute in device.attributes
        ]
        said: dict[str, Any] = {a.name: a.value for a in told if a.name in _OVER}
        if kind := device_types.device_types().get(said.get("type", "")):
            said["device_class"] = kind.device_class
        versions = tuple(a.value for a in told if a.name == "software_versions")
        return replace(
            device,
            **said,
            software_versions=versions or device.software_versions,
            attributes=(*told, *kept),
        )

    def _of(self, device: Device) -> Fact | None:
        found = (self._by_key.get(key) for key in keys_of(device))
        return next((f for f in found if f and not contradicts(f.values, device)), None)

    def _place(self, device: Device) -> Fact | None:
        return next((fact for ip in device.ips if (fact := self.subnet_of(ip))), None)

    def subnet_of(self, ip: str) -> Fact | None:
        """Return the smallest subnet of the plan that an address lies in."""
        address = ip_address(ip)
        return next((fact for network, fact in self._subnets if address in network), None)

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
            _covered(fact, seen[id(fact)]) for _, fact in sorted(self._subnets, key=_by_order)
        ], outside


def _by_order(subnet: tuple[_Network, Fact]) -> tuple[int, int]:
    return subnet[0].version, int(subnet[0].network_address)


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
    for name in ("serial_number", "mac", "hostname", "ip"):
        if text := values.get(name):
            if name == "serial_number":
                yield name, plain(text)
            else:
                yield name, text.casefold()


def contradicts(values: Mapping[str, str], device: Device) -> bool:
    """Tell whether a register entry is of another unit: an address is given to the next device."""
    serial = values.get("serial_number")
    mac = values.get("mac")
    if serial and device.serial_number and plain(serial) != plain(device.serial_number):
        return True
    return bool(mac and device.macs and mac not in device.macs and not serial)


def _told(own: Fact | None, place: Fact | None) -> Iterator[Attribute]:
    given: dict[str, tuple[str, Fact]] = {}
    if place:
        named = {**place.values, "subnet": place.values.get("name", place.values["cidr"])}
        given |= {name: (named[name], place) for name in _PLACE if name in named}
    if own:
        given |= {
            name: (text, own) for name, text in own.values.items() if name not in ("ip", "mac")
        }
    for name, (value, fact) in given.items():
        line = ", ".join(f"{key}={text}" for key, text in fact.values.items())
        evidence = Evidence(
            log="site facts",
            uid=None,
            time=fact.at,
            sensor=fact.source,
            host=fact.values.get("ip", fact.values.get("cidr", "")),
            field=name,
            value=value,
            rule=f"{fact.source}:{fact.line}",
            line=line,
            sha256=hashlib.sha256(line.encode()).hexdigest(),
        )
        yield Attribute(
            name=name,
            value=value,
            confidence=1.0,
            current=True,
            first_seen=fact.at,
            last_seen=fact.at,
            evidence=(evidence,),
        )
