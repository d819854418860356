"""Versions: what is written is taken apart once, and two of them are compared without guessing.

A version is a row of atoms: numbers (4.10 comes after 4.2), letters that stand alone (A.01 before
B.06), words (SP, Build, or the letters of a product's line: L81, 012U000061). Two versions have an
order only within one line. Where one says less than the other (8 and 8.2.1, 8.0 and 8.0 SP2) the
shorter may be the same, so that a range often answers *cannot tell*; it never turns into *out*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Literal

from wardwatch_enrichment.advisory import Answer, Atom, Bound, Version, VersionRange, Versions
from wardwatch_enrichment.version_dates import date, month

# `within`: the first says more than the second; `around`: less; `near`: they begin alike, but what
# follows has no known place; `unrelated`: of different lines or schemes.
Order = Literal["less", "equal", "greater", "within", "around", "near", "unrelated"]
_Check = Literal["in", "out", "cannot tell", "unrelated"]

_MOST, _LONGEST = 16, 80
_AFTER = frozenset(
    ("sp", "hf", "patch", "p", "update", "upd", "build", "b", "rev", "r", "sr", "mr", "release")
)
_BEFORE = frozenset(
    ("alpha", "beta", "rc", "pre", "preview", "dev", "snapshot", "eap", "milestone", "draft")
)
_SAME = (
    (re.compile(r"\bservice[ -]?(?:pack|release)\b"), "sp"),
    (re.compile(r"\bhot[ -]?fix(?:es)?\b"), "hf"),
    (re.compile(r"\b(?:maintenance release)\b"), "mr"),
    (re.compile(r"\b(?:revision)\b"), "rev"),
)
_LEADING = re.compile(
    r"(?:(?:software|firmware|sw|fw|versions?|vers?|rev|revisions?|releases?)[.:]?(?=[\s\d._-])[\s._-]*)+"
)
_FIELD = re.compile(r"[^.\-_\s]+")
_RUN = re.compile(r"\d+|[a-z]+")
_ALLOWED = re.compile(r"[a-z0-9.\-_ ]+")
_DIGITS = re.compile(r"\dx+(?![a-z0-9])")  # 8.1x stands for 8.10 to 8.19, or for 8.1.x
_DECIMAL = re.compile(r"v?(\d+)\.(\d+)", re.IGNORECASE)
_YEARS = range(1990, 2100)


@lru_cache(maxsize=1 << 16)
def parse(text: str) -> Version | None:
    """Return a version taken apart; None for what is none, or none that could be compared."""
    written = " ".join(text.split())
    if len(written) > _LONGEST:
        return None
    plain = written.casefold()
    if day := date(plain):
        return Version(written, day)
    for pattern, short in _SAME:
        plain = pattern.sub(short, plain)
    plain = _LEADING.sub("", plain, count=1) if _LEADING.match(plain) else plain
    if not _ALLOWED.fullmatch(plain):
        return None
    atoms = tuple(_atoms(plain))
    return Version(written, atoms) if _is_version(plain, atoms) else None


def _atoms(plain: str) -> Iterator[Atom]:
    """Yield the parts of each field between dots, dashes, underscores and blanks."""
    for written in _FIELD.findall(plain):
        runs = _RUN.findall(re.sub(r"^v(?=\d)", "", written))
        for at, run in enumerate(runs):
            after = runs[at + 1 : at + 3]
            if run.isdigit():
                in_line = len(after) == 2 and after[0] not in _AFTER | _BEFORE
                yield Atom("line" if in_line else "number", int(run))
            elif len(run) == 1 and not after and run not in {"v"}:
                yield Atom("letter", run)
            elif not (run == "v" and len(runs) == 1):
                yield Atom("word", run)


def _is_version(plain: str, atoms: tuple[Atom, ...]) -> bool:
    """Tell whether this looks like one version, not like a list, a model or words."""
    if not 0 < len(atoms) <= _MOST:
        return False
    if not any(atom.kind in {"number", "line"} for atom in atoms):
        return len(atoms) == 1 and atoms[0].kind == "letter"
    parts = plain.split()
    for at, part in enumerate(parts):
        words = [run for run in re.findall(r"[a-z]+", part) if run not in _AFTER | _BEFORE]
        if any(len(word) > 5 or month(word) for word in words) or _DIGITS.search(part):
            return False
        # Two numbers side by side are two versions.
        listed = at and part[0].isdigit() and parts[at - 1][-1].isdigit()
        if listed or (at and words and not _is_build(part, parts[0])):
            return False
    return True


def _is_build(part: str, first: str) -> bool:
    """Tell whether a further word is a build such as the D15 of `3.0 D15`."""
    return first[0].isdigit() and re.fullmatch(r"[a-z]{1,2}\d+", part) is not None


def compare(a: Version, b: Version) -> Order:
    """Return how two versions stand to each other."""
    if is_year(a) != is_year(b):
        return "unrelated"
    left, right = list(a.atoms), list(b.atoms)
    while left and right:
        if decided := _step(left, right):
            return decided
    return _ended(left, right)


def _step(left: list[Atom], right: list[Atom]) -> Order | None:
    """Take off what two versions begin with; return their order where that tells it."""
    x, y = left[0], right[0]
    if x == y or (x.value == y.value and {x.kind, y.kind} in _ALIKE):
        del left[0], right[0]
        return None
    if x.kind == y.kind and x.kind in {"number", "letter"}:
        return "less" if x.value < y.value else "greater"  # type: ignore[operator]
    for patch, number, rest, order in ((x, y, right, _LESS), (y, x, left, _GREATER)):
        if _is_patch(patch) and number.kind == "number":
            if number.value:
                return order
            del rest[0]  # 8 SP2 is 8.0 SP2
            return None
    return "unrelated"


_LESS: Order = "less"
_GREATER: Order = "greater"
_ALIKE = ({"number", "line"}, {"letter", "word"})


def _is_patch(atom: Atom) -> bool:
    return atom.kind == "word" and atom.value in _AFTER


def is_year(version: Version) -> bool:
    """Tell whether versions are years: 2018 is none that 1.12 could be before."""
    return version.atoms[0].kind in {"number", "line"} and version.atoms[0].value in _YEARS


def _ended(left: list[Atom], right: list[Atom]) -> Order:
    rest = left or right
    while rest and rest[0].kind == "number" and not rest[0].value:
        del rest[0]
    if not rest:
        return "equal"
    if rest[0].kind != "number" and not _is_patch(rest[0]):
        return "near"
    return "within" if left else "around"


def contains(versions: Versions, seen: Version | None) -> Answer:
    """Tell whether a version that was seen is one of those meant."""
    if versions.kind == "all":
        return "in"
    if versions.kind == "curate" or seen is None:
        return "cannot tell"
    checks = {_check(part, seen) for part in versions.ranges}
    if "in" in checks:
        return "in"
    return "out" if checks <= {"out", "unrelated"} and "out" in checks else "cannot tell"


def is_of_other_lines(versions: Versions, seen: Version) -> bool:
    """Tell whether a version is of none of the lines of those meant, such as L81 and 012U000061."""
    return {_check(part, seen) for part in versions.ranges} == {"unrelated"}


def _check(part: VersionRange, seen: Version) -> _Check:
    checks = set(_checks(part, seen))
    if _other_width(part, seen):
        return "cannot tell"
    for worst in _WORST:
        if worst in checks:
            return worst
    return "in"


_WORST: tuple[_Check, ...] = ("unrelated", "out", "cannot tell")


def _other_width(part: VersionRange, seen: Version) -> bool:
    """Tell whether 4.5 meets versions that are written 4.05: it may be 4.50 or 4.05."""
    ends = (end for end in (part.exact, part.low, part.high) if end and not end.branch)
    pairs = ((_DECIMAL.fullmatch(end.version.text), _DECIMAL.fullmatch(seen.text)) for end in ends)
    return any(
        a and b and a[1] == b[1] and "0" in (a[2][0], b[2][0]) and len(a[2]) != len(b[2])
        for a, b in pairs
        if a and b and (a[2].strip("0") and b[2].strip("0"))
    )


def _checks(part: VersionRange, seen: Version) -> Iterator[_Check]:
    sides: Iterable[tuple[Bound | None, Callable[[Version, Bound], _Check]]] = (
        (part.exact, _same),
        (part.low, _above),
        (part.high, _below),
    )
    for bound, check in sides:
        if bound:
            yield check(seen, bound)


def _below(seen: Version, bound: Bound) -> _Check:
    order = compare(seen, bound.version)
    if bound.branch and bound.inclusive and order == "within":
        return "in"
    told: dict[Order, _Check] = {
        "less": "in",
        "equal": "in" if bound.inclusive else "out",
        "greater": "out",
        "within": "cannot tell" if bound.inclusive else "out",
        "unrelated": "unrelated",
    }
    return told.get(order, "cannot tell")


def _above(seen: Version, bound: Bound) -> _Check:
    order = compare(seen, bound.version)
    if bound.branch and not bound.inclusive and order == "within":
        return "out"
    told: dict[Order, _Check] = {
        "less": "out",
        "equal": "in" if bound.inclusive else "out",
        "greater": "in",
        "within": "in" if bound.inclusive else "cannot tell",
        "unrelated": "unrelated",
    }
    return told.get(order, "cannot tell")


def _same(seen: Version, bound: Bound) -> _Check:
    order = compare(seen, bound.version)
    if bound.branch:
        shorter = len(seen.atoms) < len(bound.version.atoms)
        told: dict[Order, _Check] = {
            "equal": "cannot tell" if shorter else "in",
            "within": "in",
        }
    else:
        told = {"equal": "in"}
        if order in {"less", "greater"} and _begin_alike(seen, bound.version):
            return "cannot tell"
    told |= {"less": "out", "greater": "out", "unrelated": "unrelated"}
    return told.get(order, "cannot tell")


def _begin_alike(a: Version, b: Version) -> bool:
    """Tell whether one may be another's way to write the other: 2.2 and 2.20, J.3 and J.30.58."""
    first, second = (v.text.casefold().removeprefix("v") for v in (a, b))
    return first.startswith(second) or second.startswith(first)


def spelled(versions: Versions) -> str:
    """Return which versions are meant in the short form that people read."""
    if versions.kind != "ranges":
        return "all" if versions.kind == "all" else f"? {versions.text}"
    return " or ".join(map(_spelled, versions.ranges))


def _spelled(part: VersionRange) -> str:
    if part.exact:
        return _end(part.exact)
    low = f">{'=' * part.low.inclusive} {_end(part.low)}" if part.low else ""
    high = f"<{'=' * part.high.inclusive} {_end(part.high)}" if part.high else ""
    return f"{low} {high}".strip()


def _end(bound: Bound) -> str:
    return f"{bound.version.text}.x" if bound.branch else bound.version.text
