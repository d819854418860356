"""The versions that an advisory states, in whatever way it writes them, parsed once at import.

Understood are operators, their words (prior to, through, and earlier, …), lists, wildcards, dates
and ``vers:`` of CSAF (https://www.packageurl.org/docs/vers/). What leaves a doubt becomes a text
for a person: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from wardwatch_enrichment import versions
from wardwatch_enrichment.advisory import Bound, Condition, Version, VersionRange, Versions

_Operator = Literal["<", "<=", ">", ">=", "="]
_Constraint = tuple[_Operator, Bound]

_VERSIONS = (
    r"(?:(?:software|firmware|hardware)\s+)?(?:versions?|releases?|revisions?|builds?|models?)"
)
_ALL = re.compile(
    rf"(?:vers:all/\*|\*|all|any|(?:all|any)\s+{_VERSIONS}|{_VERSIONS}\s*:?\s*all)", re.I
)
_OF_ALL = re.compile(rf"(?:all|any)\s+{_VERSIONS}\s+(?=\S)|\*\s+(?=\()|\*\s+(?=[a-z])", re.I)
_CONDITION = re.compile(
    r"\s*\((?P<inside>(?:[^()]|\([^()]*\))+)\)\s*$"
    r"|(?:^|\s+)(?P<words>(?:on|with|without|running|when|for|using|installed|included|integrated"
    r"|that|which|if|in\s+combination|previously|unless)\s.+)$",
    re.I,
)
_REMARK = re.compile(r"end[ -]of[ -](?:life|sale|support)|eol\b|discontinued", re.I)
_MODEL = re.compile(r"\s+model\s+(?:number\s+)?(?P<model>[\w-]+)$", re.I)
_WHEN = re.compile(r"^(?:manufactured|distributed|released|built|sold)\s+", re.I)
_LONGEST = 500
_SCHEMES = frozenset(("generic", "semver", "intdot", "all"))
_TOO = r"(?:all\s+)?(?:prior|earlier|below|older|lower|previous)"
_LATER = r"(?:all\s+)?(?:later|newer|above|higher|up|onwards?)"
_SUFFIX = rf"(?:\s+{_VERSIONS})?"
_WRITTEN: tuple[tuple[str, tuple[_Operator, ...]], ...] = (
    (
        r"between\s+(.+?)\s*\(?includ(?:ing|ed)\)?\s+and\s+(.+?)\s*\(?exclud(?:ing|ed)\)?",
        (">=", "<"),
    ),
    (
        r"between\s+(.+?)\s*\(?includ(?:ing|ed)\)?\s+and\s+(.+?)\s*\(?includ(?:ing|ed)\)?",
        (">=", "<="),
    ),
    (r"(?:<=|=<|\u2264)\s*(.+)", ("<=",)),
    (r"(?:>=|=>|\u2265)\s*(.+)", (">=",)),
    (r"<\s*(.+)", ("<",)),
    (r">\s*(.+)", (">",)),
    (r"==?\s*(.+)", ("=",)),
    (r"(?:up\s+to\s+and\s+including|through)\s+(.+)", ("<=",)),
    (
        r"(?:prior\s+to|before|earlier\s+than|older\s+than|below|lower\s+than|less\s+than)\s+(.+)",
        ("<",),
    ),
    (r"(?:later\s+than|after|newer\s+than|higher\s+than)\s+(.+)", (">",)),
    (r"(?:since|starting\s+(?:with|from))\s+(.+)", (">=",)),
    (r"(?:from\s+)?(.+?)\s+(?:through|thru|to)(?:\s+and\s+including)?\s+(.+)", (">=", "<=")),
    (r"(.+?)\s+[-\u2013]\s+(.+)", (">=", "<=")),
    (r"rev(?:isions?|s)?\.?\s+([a-z])\s?[-\u2013]\s?([a-z])", (">=", "<=")),
    (rf"(.+?),?\s+(?:and|or)\s+{_TOO}{_SUFFIX}", ("<=",)),
    (rf"(.+?),?\s+(?:and|or)\s+{_LATER}{_SUFFIX}", (">=",)),
)
_FORMS = tuple((re.compile(pattern, re.I), operators) for pattern, operators in _WRITTEN)
_AND = re.compile(r"\s*(?:,|&|\band\b)\s*(?=[<>=])", re.I)
_LIST = re.compile(r"\s*(?:,\s*(?:and|or)\b|,|;|\band\b|\bor\b)\s*", re.I)
_RELATION = re.compile(
    r"[<>=]|\b(?:prior|before|earlier|older|below|lower|later|newer|above|higher|through|to|between)\b",
    re.I,
)
_WILD = re.compile(r"^(.*?\w)(?:[._](?:x+|\*))+$", re.I)
_LABEL = re.compile(r"(?:version|firmware|software|hardware|part|release)(?=s?\b)", re.I)
_FILLER = re.compile(rf"^{_VERSIONS}\s*:?\s+", re.I)


class _UnclearError(Exception):
    """The text cannot be read without guessing; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text says: versions, and beside them conditions and models."""

    versions: Versions
    conditions: tuple[Condition, ...] = ()
    models: tuple[str, ...] = ()


def read(text: str, *, told: bool = False, words: Collection[str] = ()) -> Reading:
    """Return which versions a text means.

    `told`: it is known that versions are listed, not models; `words` are those of the product's
    name and its line, which may stand before a version.
    """
    written = " ".join(text.split())
    try:
        if len(written) > _LONGEST:
            raise _UnclearError("too long to be versions")
        return _read(written, told, frozenset(word.casefold() for word in words))
    except _UnclearError as unclear:
        return Reading(versions=Versions(kind="curate", text=written, reason=str(unclear)))


def models(text: str) -> tuple[str, ...]:
    """Return the entries of a list that could be models as well as versions."""
    return tuple(
        part.strip() for part in re.split(r"\s*(?:[|;,]|\band\b)\s*", text) if part.strip()
    )


def _read(text: str, told: bool, words: frozenset[str]) -> Reading:
    if _ALL.fullmatch(text):
        return Reading(versions=Versions(kind="all", text=text))
    if text.casefold().startswith("vers:"):
        return Reading(versions=_ranges(text, list(_vers(text))))
    rest, found = _OF_ALL.sub("", text, count=1) if _OF_ALL.match(text) else text, []
    of_all = rest != text
    if when := _WHEN.match(rest):
        rest = rest[when.end() :].strip()
    stated: tuple[str, ...] = ()
    if model := _MODEL.search(rest):
        stated, rest = (model["model"],), rest[: model.start()]
    elif not rest.casefold().startswith("between") and (condition := _CONDITION.search(rest)):
        said = condition["inside"] or condition["words"]
        found += [] if _REMARK.match(said) else [Condition(kind="text", text=said)]
        rest = rest[: condition.start()].strip()
    if not rest and of_all:
        made = Versions(kind="all", text=text)
    else:
        made = _ranges(text, list(_constraints(rest, told or of_all, words)))
    if when or any(_dated(part) for part in made.ranges):
        found.append(Condition(kind="text", text=f"when it was made or released: {text}"))
    return Reading(versions=made, conditions=tuple(found), models=stated)


def _dated(part: VersionRange) -> bool:
    bounds = (bound for bound in (part.low, part.high, part.exact) if bound)
    return any(bound.version.atoms[0].value == "date" for bound in bounds)


def _vers(text: str) -> Iterator[_Constraint]:
    scheme, _, constraints = text[len("vers:") :].partition("/")
    if scheme.casefold() not in _SCHEMES:
        raise _UnclearError(f"versions of the scheme {scheme!r} are not compared")
    for part in constraints.split("|"):
        found = re.match(r"(<=|>=|<|>|=|!=)?(.+)", unquoted(part).strip())
        if not found or found[1] == "!=" or found[2] == "*":
            raise _UnclearError(f"a constraint that is not understood: {part!r}")
        operator: _Operator = found[1] or "="  # type: ignore[assignment]
        yield operator, _bound(operator, found[2], frozenset())


def unquoted(text: str) -> str:
    """Return a text of a package URL or a `vers:` without its escapes."""
    plain = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode())
    return plain.decode(errors="replace")


def _constraints(text: str, told: bool, words: frozenset[str]) -> Iterator[_Constraint]:
    for part in re.split(r"\s*[|;]\s*", text):
        if not part:
            raise _UnclearError("an empty entry in a list of versions")
        for piece in _AND.split(part):
            yield from _piece(piece.strip(), told, words)


def _piece(text: str, told: bool, words: frozenset[str]) -> Iterator[_Constraint]:
    said = _FILLER.match(text) is not None
    plain = (
        _FILLER.sub("", text, count=1) if said and not text.casefold().startswith("rev") else text
    )
    for pattern, operators in _FORMS:
        if found := pattern.fullmatch(plain):
            for operator, version in zip(operators, found.groups(), strict=True):
                yield operator, _bound(operator, _FILLER.sub("", version), words)
            return
    entries = [plain] if versions.parse(plain) else _LIST.split(plain)
    if (
        len({label[0].casefold() for part in _LIST.split(text) if (label := _LABEL.match(part))})
        > 1
    ):
        raise _UnclearError("versions of several things beside each other")
    for entry in entries:
        if _RELATION.search(entry):
            raise _UnclearError("a relation that is not understood")
        bound = _bound("=", entry, words)
        if not _sure(bound, told or said, words):
            raise _UnclearError("could be a model as well as a version")
        yield "=", bound


def _sure(bound: Bound, told: bool, words: frozenset[str]) -> bool:
    """Tell whether this alone is a version, and not the name or number of a model."""
    first, *rest = bound.version.atoms
    if first.kind == "number":
        year = versions.is_year(bound.version)
        long = int(first.value) >= 100 and not year
        if (rest and rest[0].kind == "number") or bound.branch or not long:
            return told or bool(rest) or bound.branch or not year
        return told and int(first.value) < 1000
    if first.kind == "letter":
        return told or bool(rest)
    return told or first.value in words or first.value == "sr"


def _bound(operator: _Operator, text: str, words: frozenset[str]) -> Bound:
    text = text.strip().rstrip(",")
    wild = _WILD.match(text)
    version = _version(wild[1] if wild else text, words)
    if version is None:
        raise _UnclearError(f"not a version that can be compared: {text[:80]!r}")
    if operator != "=" and versions.is_year(version) and len(version.atoms) == 1:
        raise _UnclearError(f"a year, or a version that is called after one: {text}")
    branch = bool(wild) or (len(version.atoms) == 1 and version.atoms[0].kind == "letter")
    if branch and operator in {"<", ">="}:
        branch = False  # its first version is meant
    return Bound(version=version, inclusive=operator in {"<=", ">=", "="}, branch=branch)


def _version(text: str, words: frozenset[str]) -> Version | None:
    """Return a version; before it may stand words of the product's name."""
    parts = text.split()
    while (
        len(parts) > 1 and parts[0].casefold() in words and parts[1][:1].casefold() in "v0123456789"
    ):
        del parts[0]
    found = versions.parse(" ".join(parts))
    return replace(found, text=text) if found else None


def _ranges(text: str, constraints: list[_Constraint]) -> Versions:
    """Return the union that is meant: a lower and an upper bound of one line belong together."""
    made: list[VersionRange] = []
    left = list(constraints)
    while left:
        operator, bound = left.pop(0)
        if left and (pair := _pair(operator, bound, *left[0])):
            made.append(pair)
            del left[0]
        elif operator == "=":
            made.append(VersionRange(exact=bound))
        elif operator in {"<", "<="}:
            made.append(VersionRange(high=bound))
        else:
            made.append(VersionRange(low=bound))
    _one_bound_a_line(made)
    _one_scheme(made)
    return Versions(kind="ranges", text=text, ranges=tuple(made))


def _pair(operator: _Operator, bound: Bound, after: _Operator, other: Bound) -> VersionRange | None:
    upward, downward = {">", ">="}, {"<", "<="}
    if operator in upward and after in downward:
        order = versions.compare(bound.version, other.version)
        if order not in {"less", "equal", "around", "within"}:
            raise _UnclearError("the lower bound of a range does not lie below the upper one")
        return VersionRange(low=bound, high=other)
    turned = operator in downward and after in upward
    if turned and versions.compare(other.version, bound.version) == "less":
        return VersionRange(low=other, high=bound)
    return None


def _one_scheme(made: list[VersionRange]) -> None:
    """Refuse numbers beside versions with a word in front: one of them has lost its word."""
    bounds = [b for part in made for b in (part.low, part.high, part.exact) if b]
    kinds = {bound.version.atoms[0].kind for bound in bounds}
    dates = any(bound.version.atoms[0].value == "date" for bound in bounds)
    if {"number", "word"} <= kinds and not dates:
        raise _UnclearError("some with a word in front, some without")


def _one_bound_a_line(made: list[VersionRange]) -> None:
    """Refuse two open ranges of one line: each hides where the other begins or ends."""
    for side in ("low", "high"):
        open_ended = [
            bound
            for part in made
            if (bound := getattr(part, side)) and not (part.low and part.high)
        ]
        for at, bound in enumerate(open_ended):
            for other in open_ended[:at]:
                if versions.compare(bound.version, other.version) != "unrelated":
                    raise _UnclearError(
                        "two open ranges of one line: their other ends are not said"
                    )
