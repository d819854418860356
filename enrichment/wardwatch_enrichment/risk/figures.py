"""The figures of the risk model, and a site's own over them: ``risk_model.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from wardwatch_enrichment.content import data

Figures = Mapping[str, Any]
# What others have published is not a site's to change.
_FIXED = frozenset({"model", "cvss", "ease_of_all", "deployer", "human_impact", "bod_26_04"})
# What must stay in its order, or a stronger verdict or a worse zone would lower a score.
_FALLING = ("affected", "verdict", "zones", "bands")
_RISING = ("safety", "mission")
_WHOLE = ("due_days", "safety.fleet", "acceptance_days")
_SHARES = frozenset({
    "affected", "verdict", "zones", "threat", "availability", "weights", "fold", "ease_weight",
    "integrity_for_effectiveness",
})  # fmt: skip
_IMPACTS = frozenset({"foothold", "safety", "mission", "data_lifts"})  # up to 10, as factors
# Without these nothing has a score; and a score below the last band has no word.
_ABOVE_NOTHING = (("weights", "safety"), ("affected", "confirmed"), ("verdict", "exploitable"),
                  ("zones", "internet_in"), ("threat", "kev_ransomware"))  # fmt: skip
_LAST_BAND = "info"


class FigureError(ValueError):
    """Figures of a site that the model cannot be worked out with; the message lists them all."""


@cache
def model() -> Figures:
    """Return the figures of the model as shipped."""
    found: dict[str, Any] = data("risk_model.yaml")
    return found


def changeable() -> tuple[str, ...]:
    """Return the names of the figures that a site may change, in order."""
    return tuple(name for name in model() if name not in _FIXED and name != "rules")


def merged(own: Mapping[str, Any], base: Figures | None = None) -> Figures:
    """Return the figures with a site's own over them; raises `FigureError` with all that is wrong.

    A zone is given by its factor alone.
    """
    base = model() if base is None else base
    issues: list[str] = []
    found = dict(base)
    for name, value in own.items():
        if name in base and name not in changeable():
            issues.append(f"{name}: cannot be changed")
        elif name not in base:
            known = ", ".join((*changeable(), "rubric", "sanctioned"))
            issues.append(f"{name}: unknown; there are {known}")
        else:
            found[name] = _laid_over(name, base[name], value, issues)
    issues += [] if issues else list(_disordered(found))
    if issues:
        raise FigureError("\n".join(issues))
    return found


def _laid_over(name: str, base: Any, value: Any, issues: list[str]) -> Any:
    if not isinstance(base, dict):
        return _number(name, base, value, issues)
    if not isinstance(value, Mapping):
        issues.append(f"{name}: a mapping is asked for, with {', '.join(map(str, base))}")
        return base
    found = dict(base)
    for key, one in value.items():
        if key not in base:
            issues.append(f"{name}.{key}: unknown; there are {', '.join(map(str, base))}")
        else:
            found[key] = _number(f"{name}.{key}", base[key], one, issues)
    return found


def _number(name: str, base: Any, value: Any, issues: list[str]) -> Any:
    """Return a figure in the place of another; a zone keeps its exposure."""
    group = name.partition(".")[0]
    whole = isinstance(base, int) and name.startswith(_WHOLE)
    most = 366 if whole else 1 if group in _SHARES else 10 if group in _IMPACTS else 100
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        issues.append(f"{name}: {value!r} is no number")
    elif not 0 <= value <= most:
        issues.append(f"{name}: {value} is not from 0 to {most}")
    elif whole and value != int(value):
        issues.append(f"{name}: {value} is no whole number")
    else:
        return [value, *base[1:]] if isinstance(base, list) else value
    return base


def _disordered(figures: Figures) -> Iterator[str]:
    for names, falling in ((_FALLING, True), (_RISING, False)):
        for name in names:
            keys = [key for key in figures[name] if key != "fleet"]
            values = [_plain(figures[name][key]) for key in keys]
            if values != sorted(values, reverse=falling):
                order = " >= ".join(keys) if falling else " <= ".join(keys)
                yield f"{name}: must stay in this order: {order}"
    yield from _empty(figures)
    for name in ("kev", "kev_ransomware"):
        before = {"kev": "public", "kev_ransomware": "kev"}[name]
        if figures["threat"][name] < figures["threat"][before]:
            yield f"threat: {name} must not be less than {before}"


def _empty(figures: Figures) -> Iterator[str]:
    """Yield what would leave nothing with a score, or a score without a word."""
    for name, key in _ABOVE_NOTHING:
        if not _plain(figures[name][key]):
            yield f"{name}.{key}: must be above 0, or nothing has a score"
    if figures["bands"][_LAST_BAND]:
        yield f"bands.{_LAST_BAND}: must be 0, the least of all scores"


def _plain(value: Any) -> float:
    return float(value[0] if isinstance(value, list) else value)
