"""What of a device advisories can be about: its product, the software in it, its operating system.

A subject and a product of an advisory are compared only where they share a token: the name that
all spellings of one product have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from wardwatch_enrichment import products, versions
from wardwatch_enrichment.advisory import Product, Version
from wardwatch_enrichment.model import Attribute, Device

Kind = Literal["product", "component", "platform"]
_MODELS = ("model", "model_number", "part_number")
SITE_FACTS = "site facts"  # the log that a site's own register counts as
_OWN = ("software_versions", "firmware_versions")
_VERSIONS = (*_OWN, "module_software")  # of a part, which only some entries ask for
_LATELY = 7 * 86_400.0  # what was seen so long before the site told otherwise stands beside it
ATTRIBUTES = frozenset((*_MODELS, *_VERSIONS, "component", "os"))  # all that is asked for here
_BUILD = re.compile(r"\b(\d{1,2}\.\d\.\d{4,5}(?:\.\d+)?)\b")
_EDITION = re.compile(
    r"(?P<name>windows (?:server )?(?:xp|vista|2000|20\d\d(?: r2)?|7|8\.1|8|10|11|server))"
    r"(?:,?\s*(?:version\s+)?(?P<release>\d\dh\d|[12]\d0\d))?",
)
_FIRST_RELEASE = "1507"  # of Windows 10, which its first release is called without


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A version of a subject as it was seen; `attribute` is the device's attribute that has it."""

    version: Version | None
    text: str
    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing in or of a device that an advisory can name. No `makers`: nobody knows whose."""

    kind: Kind
    name: str
    makers: frozenset[str]
    tokens: frozenset[str]
    versions: tuple[Seen, ...] = ()


def subjects(device: Device) -> Iterator[Subject]:
    """Yield what advisories can be about, by the values that hold now."""
    current = [a for a in device.attributes if a.current]
    stated = tuple((a.name, a.value) for a in current if a.name in (*_MODELS, *_VERSIONS))
    stated += tuple(_seen_since(device, current))
    listed = tuple(("software_versions", text) for text in device.software_versions)
    yield from _products(device.manufacturer, device.model, (*listed, *stated))
    for value in dict.fromkeys(a.value for a in current if a.name == "component"):
        yield component(value)
    if device.os:
        proofs = (e.value for a in current if a.name == "os" for e in a.evidence)
        builds = (found[1] for proof in proofs if (found := _BUILD.search(proof)))
        yield _platform(device.os, next(builds, None))


def _seen_since(device: Device, current: list[Attribute]) -> Iterator[tuple[str, str]]:
    """Yield versions that were seen lately where the site tells of others: it is one of them."""
    told = {a.name: a.last_seen for a in current if a.name in _VERSIONS and _is_told(a)}
    for a in device.attributes:
        if not a.current and a.name in told:
            confirmed = (c.last_seen for c in current if c.name == a.name and not _is_told(c))
            if a.last_seen > max(told[a.name] - _LATELY, *confirmed, 0.0):
                yield a.name, a.value


def _is_told(attribute: Attribute) -> bool:
    return any(e.log == SITE_FACTS for e in attribute.evidence)


@lru_cache(maxsize=1 << 14)
def _products(
    manufacturer: str | None, model: str | None, stated: tuple[tuple[str, str], ...]
) -> tuple[Subject, ...]:
    makers = products.makers(manufacturer or "")
    known = (model, *(value for name, value in stated if name in _MODELS))
    names = dict.fromkeys(name for name in known if name)
    if not names:
        return ()
    tokens = frozenset(token for name in names for token in _tokens(makers, name))
    seen = dict.fromkeys((n, v) for n, v in stated if n in _VERSIONS)
    found = tuple(
        Seen(version=versions.parse(text), text=text, attribute=attribute)
        for attribute, text in seen
    )
    name = next(iter(names))
    return (Subject(kind="product", name=name, makers=makers, tokens=tokens, versions=found),)


def _tokens(makers: frozenset[str], name: str) -> Iterator[str]:
    yield f"product:{products.identity(tuple(sorted(makers)), name)}"
    yield f"product:{products.key(name)}"


def _begins_with(value: str) -> tuple[products.Line, str] | None:
    """Return the software that a text begins with, and what stands behind its name."""
    words = value.split()
    for count in range(len(words) - 1, 0, -1):
        line = products.find((), " ".join(words[:count]))
        if line and line.role == "component":
            return line, " ".join(words[count:])
    return None


@lru_cache(maxsize=1 << 14)
def component(value: str) -> Subject:
    """Return software as the inventory names it: its name, and behind it the version if known."""
    name, _, last = value.rpartition(" ")
    found = versions.parse(last) if name and any(c.isdigit() for c in last) else None
    if found is None:
        name = value
    line = products.find((), name) or products.find((), value)
    if line is None and (known := _begins_with(value)):
        line, last = known  # its version is of several words
        name, found = line.name, versions.parse(last)
    told = found is not None or name != value
    seen = (Seen(version=found, text=last, attribute="component"),) if told else ()
    token = f"component:{line.name if line else products.key(name)}"
    makers = products.makers(line.vendor) if line else frozenset[str]()
    return Subject(
        kind="component", name=name, makers=makers, tokens=frozenset([token]), versions=seen
    )


@lru_cache(maxsize=1 << 14)
def _platform(os: str, build: str | None) -> Subject:
    tokens = frozenset(f"platform:{name}" for one in os.split(" or ") for name in editions(one))
    version = versions.parse(build) if build else None
    seen = (Seen(version=version, text=build or "", attribute="os"),) if version else ()
    return Subject(
        kind="platform",
        name=os,
        makers=products.makers("Microsoft") if "windows" in os.casefold() else frozenset(),
        tokens=tokens,
        versions=seen,
    )


@lru_cache(maxsize=1 << 14)
def editions(name: str) -> tuple[str, ...]:
    """Return the edition of Windows that a name means, as all its spellings have it; or itself."""
    text = " ".join(name.casefold().replace("version ", "").split())
    found = _EDITION.match(text)
    if not found:
        return (products.key(name),)
    family, release = found["name"], found["release"]
    if family == "windows 10" and release is None:
        # as Microsoft's advisories call the first one; a sensor that says so knows none
        release = _FIRST_RELEASE if " for " in text else None
    if family.startswith("windows server 2022") and release:
        family = "windows server"
    return (f"{family} {release}" if release else family,)


@lru_cache(maxsize=1 << 16)
def tokens_of(product: Product) -> frozenset[str]:
    """Return the tokens of a product of an advisory; none for a platform that is a condition."""
    name = product.line or product.names[-1]
    if product.role == "platform":
        own = any("Microsoft" in products.makers(maker) for maker in product.makers)
        return frozenset(f"platform:{e}" for e in editions(product.names[-1])) if own else _NONE
    if one := products.model(product.makers, product.names[-1]):
        # of a family that the line has, this model alone
        return frozenset(f"product:{products.key(said)}" for said in (*one, *product.models))
    identity = product.line or products.identity(product.makers, name)
    found = {f"{product.role}:{identity}"}
    if product.role == "product":
        found |= {f"product:{products.key(spelled)}" for spelled in (name, *product.models)}
    return frozenset(found)


_NONE: frozenset[str] = frozenset()
