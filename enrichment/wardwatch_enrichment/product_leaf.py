"""A leaf of a product tree becomes a `Product`: makers, line, models, versions, conditions.

Whatever leaves a doubt is added to `needs`, and a person decides. `needs` begin with what is in
doubt (maker, product, platform, versions, contradiction, relationship, cves, status).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wardwatch_enrichment import product_names, products, vendors, version_text
from wardwatch_enrichment.advisory import Bound, Condition, Product, Role, VersionRange, Versions
from wardwatch_enrichment.product_names import tail
from wardwatch_enrichment.product_tree import Leaf

_VERSION = ("product_version", "product_version_range")
_PATCH = ("service_pack", "patch_level")
_BESIDES = ("architecture", "host_name", "language", "legacy", "platform", "specification")
_KNOWN = frozenset((*_VERSION, *_PATCH, *_BESIDES, "vendor", "product_family", "product_name"))
_PARTS = frozenset(("default_component_of", "external_component_of", "optional_component_of"))
_FIRMWARE = re.compile(r"\bfirmware\b|^FW$", re.I)
_WINDOWS = re.compile(r"windows (?:server )?(?:\d|xp\b|vista\b)", re.I)
_RUNNING = re.compile(r"^(?P<name>.+?)\s+running\s+(?:on\s+)?(?P<platform>.+)$", re.I)


@dataclass(slots=True)
class _Draft:
    """What is known so far of one product."""

    leaf: Leaf
    makers: tuple[str, ...]
    names: tuple[str, ...]
    line: products.Line | None = None
    versions: Versions = field(default_factory=lambda: Versions(kind="all", text=""))
    models: tuple[str, ...] = ()
    role: Role = "product"
    conditions: list[Condition] = field(default_factory=list)
    cves: tuple[str, ...] = ()
    needs: list[str] = field(default_factory=list)


def product(leaf: Leaf, tree: Mapping[str, Leaf], *, medical: bool) -> Product:
    """Return what a leaf stands for. `medical`: its advisory is about medical devices alone."""
    if leaf.kind is None:
        return _stated(leaf, medical)
    return _related(leaf, tree, medical=medical, deep=0)


def _related(leaf: Leaf, tree: Mapping[str, Leaf], *, medical: bool, deep: int) -> Product:
    """Return the product of a relationship: what is installed, or the whole that has the part."""
    if leaf.kind is None:
        return _stated(leaf, medical)
    if deep > 4 or leaf.part is None or leaf.whole is None:
        return replace(
            _stated(leaf, medical), needs=("relationship: one within another, in a ring",)
        )
    part = _related(tree[leaf.part], tree, medical=medical, deep=deep + 1)
    whole = _related(tree[leaf.whole], tree, medical=medical, deep=deep + 1)
    subject, other = (whole, part) if leaf.kind in _PARTS else (part, whole)
    if subject is part and whole.role == "product" and _FIRMWARE.search(part.names[-1]):
        subject, other = _with_firmware(whole, part)
    condition = Condition(
        kind=leaf.kind, text=other.title, product_id=other.id, versions=other.versions
    )
    return replace(
        subject,
        id=leaf.id,
        title=leaf.title,
        conditions=(*subject.conditions, *other.conditions, condition),
        identifiers=(*leaf.identifiers, *subject.identifiers),
        needs=tuple(dict.fromkeys((*subject.needs, *other.needs))),
    )


def _with_firmware(device: Product, firmware: Product) -> tuple[Product, Product]:
    """Return a device with its firmware's versions: it is what is seen, with that version."""
    both = () if device.versions.kind == "all" else ("relationship: both have versions",)
    of_versions = tuple(need for need in firmware.needs if not need.startswith("product:"))
    return (
        replace(device, versions=firmware.versions, needs=(*device.needs, *both)),
        replace(firmware, needs=of_versions),
    )


def _stated(leaf: Leaf, medical: bool) -> Product:
    vendor = (leaf.named("vendor") or (None,))[-1]
    draft = _Draft(
        leaf=leaf,
        makers=makers(vendor, medical=medical) if vendor else (),
        names=leaf.named("product_family", "product_name") or (leaf.title,),
    )
    if not draft.makers:
        draft.needs.append(f"maker: {vendor!r} is not known" if vendor else "maker: not stated")
    if unknown := {category for category, _ in leaf.path} - _KNOWN:
        draft.needs.append(f"product: branches of the kind {', '.join(sorted(unknown))}")
    _name(draft)
    _versions(draft)
    _title(draft)
    return Product(
        id=leaf.id,
        title=leaf.title,
        vendor=vendor,
        makers=draft.makers,
        names=draft.names,
        line=draft.line.name if draft.line else None,
        models=draft.models,
        role=draft.role,
        versions=draft.versions,
        conditions=tuple(dict.fromkeys(draft.conditions)),
        cves=draft.cves,
        identifiers=leaf.identifiers,
        needs=tuple(draft.needs),
    )


def makers(name: str, *, medical: bool) -> tuple[str, ...]:
    """Return the makers that a vendor's name stands for; one string may name several.

    None of them is returned where one is unknown. In an advisory on medical devices a maker of
    many things is its medical company too, which advisories call alike.
    """
    known = vendors.canonical(name)
    parts = re.sub(r",\s*(?=(?:LLC|Inc|Ltd|Co)\b)", " ", name)
    listed = re.split(r",\s*(?:and\s+)?|\s+and\s+", parts)
    found = [known] if known else [vendors.canonical(part) for part in listed]
    if None in found:
        return ()
    if medical:
        found += [products.namesakes()[maker] for maker in found if maker in products.namesakes()]
    return tuple(dict.fromkeys(maker for maker in found if maker))


def _name(draft: _Draft) -> None:
    """Find the product line, or say why the name cannot stand for a product."""
    name = draft.names[-1]
    if found := _RUNNING.match(name):
        draft.names = (*draft.names[:-1], found["name"])
        draft.conditions.append(Condition(kind="platform", text=found["platform"]))
        name = found["name"]
    whole = " ".join(draft.names)
    for spelling in dict.fromkeys((name, product_names.unparenthesised(name), whole)):
        draft.line = draft.line or products.find(draft.makers, spelling)
    draft.models = product_names.numbers(name)
    if draft.line:
        draft.role, draft.makers = draft.line.role, (draft.line.vendor,)
        said = {products.key(name), *(products.key(word) for word in name.split())}
        of_line = [model for model in draft.line.models if products.key(model) in said]
        draft.models = tuple(dict.fromkeys((*of_line, *draft.models)))
    elif other := products.others(draft.makers, name):
        listed = ", ".join(sorted({line.vendor for line in other}))
        if any(line.role == "platform" for line in other):
            draft.role = "platform"
            draft.needs.append(f"platform: an operating system of {listed}, not a device")
        else:
            draft.needs.append(f"product: this line is of {listed}")
    else:
        _of_no_line(draft, name)


def _of_no_line(draft: _Draft, name: str) -> None:
    """Take a product for itself; a release of Windows, as its maker lists it, is a platform."""
    if draft.makers == ("Microsoft",) and _WINDOWS.match(name):
        draft.role = "platform"  # Windows 10 Version 21H2 for x64-based Systems
        return
    if why := product_names.unusable(name):
        draft.needs.append(f"product: its name {why}")
    name, clause = product_names.clause(name)
    draft.names = (*draft.names[:-1], name)
    if clause:
        draft.conditions.append(Condition(kind="text", text=clause))


def _versions(draft: _Draft) -> None:
    """Read the version branches, with models, patch levels and conditions among them."""
    leaf = draft.leaf
    for category in _BESIDES:
        draft.conditions += [Condition(kind=category, text=text) for text in leaf.named(category)]
    stated = leaf.named(*_VERSION)
    if len(stated) > 1:
        draft.needs.append("versions: more than one branch of the tree tells them")
        draft.versions = Versions(kind="curate", text=" / ".join(stated), reason="more than one")
        return
    text = " ".join((*stated, *leaf.named(*_PATCH)))
    if not text or _models(draft, text):
        return
    ranged = bool(leaf.named("product_version_range"))
    line = draft.line
    words = {word.strip("()") for name in draft.names for word in name.split()}
    reading = version_text.read(
        text,
        told=ranged or product_names.tells_of_versions(tail(leaf.title, draft.names[-1])),
        words=words | set(line.prefixes if line else ()),
    )
    draft.versions = reading.versions
    draft.models += reading.models
    draft.conditions += reading.conditions
    if reading.versions.kind == "curate":
        draft.needs.append(f"versions: {reading.versions.reason}")
    _platform(draft)
    _of_name(draft)


def _models(draft: _Draft, text: str) -> bool:
    """Take what stands in place of versions for models, if the line has them all."""
    listed = version_text.models(text)
    rest = tail(draft.leaf.title, draft.names[-1])
    if re.match(r"models?\s", rest, re.I) and all(part in rest for part in listed):
        draft.models = tuple(dict.fromkeys((*draft.models, *listed)))
        draft.versions = Versions(kind="all", text=text)
        return True
    known = {products.key(model) for model in draft.line.models} if draft.line else set()
    if not listed or not all(products.key(part) in known for part in listed):
        return False
    draft.models = tuple(dict.fromkeys((*draft.models, *listed)))
    draft.versions = Versions(kind="all", text=text)
    return True


def _platform(draft: _Draft) -> None:
    """Hand the versions of `X running Y` over to Y: they are not the device's."""
    for at, condition in enumerate(draft.conditions):
        if condition.kind == "platform" and _RUNNING.match(draft.leaf.named("product_name")[-1]):
            draft.conditions[at] = replace(condition, versions=draft.versions)
            draft.versions = Versions(kind="all", text=draft.versions.text)


def _of_name(draft: _Draft) -> None:
    """Take a version at the end of a product's name for what it is."""
    name, version = product_names.version_in(draft.names[-1])
    known = draft.line or draft.role == "platform"  # with releases in their names
    if known or not product_names.mentions_version(draft.names[-1]):
        return
    made = draft.versions
    if version is None or made.kind == "curate" or len(made.ranges) > 1:
        draft.needs.append("product: a version stands in its name")
        return
    begins = Bound(version=version, inclusive=True, branch=True)
    if made.kind == "all":
        part = VersionRange(exact=begins)
    elif made.ranges[0].low is None and made.ranges[0].high:
        part = VersionRange(low=replace(begins, branch=False), high=made.ranges[0].high)
    else:
        draft.needs.append("product: a version stands in its name")
        return
    draft.names = (*draft.names[:-1], name)
    draft.line = products.find(draft.makers, name)
    draft.versions = Versions(kind="ranges", text=made.text, ranges=(part,))


def _title(draft: _Draft) -> None:
    """Hold the full name against the branches: conditions, CVEs and contradictions in it."""
    leaf = draft.leaf
    rest = tail(leaf.title, (leaf.named("product_name") or draft.names)[-1])
    text = " ".join(leaf.named(*_VERSION, *_PATCH))
    if why := product_names.contradiction(draft.versions, text, rest) if leaf.path else None:
        draft.needs.append(f"contradiction: {why}")
    own = (*draft.names, *leaf.named("vendor"), *draft.makers)
    known = " ".join((text, *(one.text for one in draft.conditions), *own))
    if leaf.path and (more := product_names.goes_on(rest)):
        draft.needs.append(f"product: its name goes on with {more!r}")
    if leaf.path and (said := product_names.condition(rest, known)):
        draft.conditions.append(Condition(kind="text", text=said))
    draft.cves = product_names.cves(leaf.title)
    if not draft.cves and product_names.mentions_cves(leaf.title):
        draft.needs.append("cves: its name mentions some in words that are not understood")
