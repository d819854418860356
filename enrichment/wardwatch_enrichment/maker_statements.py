"""What a device's own maker states of a vulnerability in just this product (VEX).

Only the maker's word counts, for the product and the version that it names; what it says of a fix
without a version says nothing of a unit. Whoever else states something is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wardwatch_enrichment import products, vendors, version_text, versions
from wardwatch_enrichment.finding import Answer, Ground
from wardwatch_enrichment.model import Device, Statement

PREDICATE = "affected, by its manufacturer's statement"
_CPE = re.compile(r"cpe:2\.3:[aho]:(?P<vendor>[^:]+):(?P<name>[^:]+):(?P<version>(?:\\.|[^:])*)")
_PURL = re.compile(
    r"pkg:[^/]+/(?P<vendor>[^/@?#]+)/(?P<name>[^@?#]+)(?:@(?P<version>[^?#]+))?(?:[?#].*)?"
)
_ANY = ("", "*", "-")
_WORDS = {"not_affected": "not affected", "fixed": "fixed"}
# CycloneDX's words for those of OpenVEX.
_WHY = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}


def answer(said: Iterable[Statement], device: Device) -> Answer | None:
    """Return the maker's word that a device is not affected, or fixed; None where there is none.

    The latest statement counts; of two of one time the worse.
    """
    found = [one for one in said if _is_of_maker(one, device) and _is_about(one, device)]
    if not found:
        return None
    latest = max(found, key=lambda one: (one.time or 0.0, one.status not in _WORDS))
    if latest.status not in _WORDS or latest.time is None:
        return None
    reason = f": {latest.impact}" if latest.impact else ""
    ground = Ground(
        kind="manufacturer",
        sentence=f"{latest.author} states that it is {_WORDS[latest.status]}{reason}",
        signed_by=latest.author,
        time=latest.time,
        void=("other software", "a later statement"),
        log="VEX",
        line=latest.document,
    )
    return Answer(
        predicate=PREDICATE,
        truth="strong_false",
        grounds=(ground,),
        justification=_WHY.get(latest.justification or "", "code_not_present"),
    )


def _is_of_maker(said: Statement, device: Device) -> bool:
    known = vendors.canonical(said.author)
    author = known or re.sub(
        r"\s+(?:product security|PSIRT|CERT)\b.*$", "", said.author, flags=re.I
    )
    makers = products.makers(device.manufacturer or "")
    return bool(makers & products.makers(vendors.canonical(author) or author))


def _is_about(said: Statement, device: Device) -> bool:
    return any(_names(text, said.status, device) for text in said.products)


def _names(text: str, status: str, device: Device) -> bool:
    """Tell whether an identifier, or a name, is that of a device in its version."""
    known = _CPE.match(text) or _PURL.fullmatch(text)
    if known:
        name, version = _plain(known["name"]), _plain(known["version"] or "")
        return _is_model(name, device) and _has(version, status, device)
    if _is_model(text, device):
        return _has("", status, device)
    name, _, version = text.rpartition(" ")
    return _is_model(name.rstrip(" :"), device) and version[:1].isdigit() and _has(
        version, status, device
    )  # fmt: skip


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", version_text.unquoted(text)).strip()


def _is_model(name: str, device: Device) -> bool:
    makers = tuple(sorted(products.makers(device.manufacturer or "")))
    wanted = {products.key(name.replace("_", " ")), products.key(products.bare(makers, name))}
    return bool(device.model) and bool(wanted & set(_own(makers, device)))


def _own(makers: tuple[str, ...], device: Device) -> Iterator[str]:
    yield products.key(device.model or "")
    yield products.key(products.bare(makers, device.model or ""))


def _has(version: str, status: str, device: Device) -> bool:
    """Tell whether a device has a version alone; what names none is said of all, but no fix is."""
    if version in _ANY:
        return status != "fixed"
    meant = versions.parse(version)
    seen = [versions.parse(text) for text in device.software_versions]
    if not meant or not seen or None in seen:
        return False
    return all(one is not None and versions.compare(one, meant) == "equal" for one in seen)
