"""What is known of a patch for a finding: by the site first, else by the entry of its precondition.

What the site was told last counts; a fact of the unit counts before one of its model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from wardwatch_enrichment.facts import KEYS, Fact
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.mitigation import weaknesses
from wardwatch_enrichment.preconditions import Precondition
from wardwatch_enrichment.surroundings import Surroundings

Status = Literal["approved", "refused", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A patch, and whether the device's manufacturer approves it; `told` is who says so, when."""

    status: Status
    name: str
    told: str
    source: str


def patch(finding: Finding, entry: Precondition | None, around: Surroundings) -> Patch | None:
    """Return what is known of a patch; None where nobody names one."""
    name = entry.patch if entry else ""
    if fact := max(_facts(finding, around), key=_authority, default=None):
        values = fact.values
        status: Status = "refused" if values["status"] == "refused" else "approved"
        known = values.get("patch") or name or f"the patch for {finding.vulnerability}"
        said = [values[key] for key in ("date", "by", "reference") if key in values]
        told = ", ".join(said) or "as the site was told"
        return Patch(status=status, name=known, told=told, source=f"{fact.source}:{fact.line}")
    if not entry or not name:
        return None
    unsure = re.search(weaknesses.content()["patch"]["unsure"], name, re.I)
    own = any(match.type == "product" for match in finding.matches)
    status = "approved" if own and not unsure else "unknown"
    told = f"named in {entry.advisory}" if entry.advisory else "named in its entry"
    return Patch(status=status, name=name, told=told, source=entry.advisory or entry.source)


def _facts(finding: Finding, around: Surroundings) -> Iterator[Fact]:
    names = {finding.vulnerability.upper(), *(m.advisory.upper() for m in finding.matches)}
    for fact in around.handling:
        if fact.kind != "patch" or fact.values["vulnerability"].upper() not in names:
            continue
        if fact.values["status"] != "applied":
            yield fact


def _authority(fact: Fact) -> tuple[bool, str, bool]:
    values = fact.values
    return bool(values.keys() & set(KEYS)), values.get("date", ""), values["status"] == "refused"
