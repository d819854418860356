"""The records of security advisories. Times are seconds since the epoch, UTC; `None` is unknown.

They keep CSAF's words. What a producer says and what an importer concludes stand apart: `Product`
carries the name and the version text as spelled beside what was made of them, and `needs` lists
why a person has to look before anything is matched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Answer = Literal["in", "out", "cannot tell"]
# product: stands for devices of its name; component: software inside devices of any maker;
# platform: an operating system. Only in its maker's advisories is it the subject; in a device
# maker's it is a condition of products that are not named, and waits for a person.
Role = Literal["product", "component", "platform"]
# excluded: listed as affected, but the product's own name says which other CVEs concern it.
State = Literal["affected", "fixed", "not_affected", "under_investigation", "unknown", "excluded"]


@dataclass(frozen=True, slots=True)
class Atom:
    """One part of a version. Only `number` and `letter` have an order; `word` and `line` are equal
    to themselves alone (a `line` is a number that letters and a number follow: 012U000061).
    """

    kind: Literal["number", "letter", "word", "line"]
    value: int | str


@dataclass(frozen=True, slots=True)
class Version:
    """A version as written, and its parts: what ``versions.compare`` works on."""

    text: str
    atoms: tuple[Atom, ...] = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of a range. `branch`: the version with all that begins like it (2.x, Rev M)."""

    version: Version
    inclusive: bool
    branch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRange:
    """Versions from `low` to `high` of one line; or one version, or all that begin like it."""

    low: Bound | None = None
    high: Bound | None = None
    exact: Bound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Which versions are meant, parsed once: all, the union of ranges, or a text for a person."""

    kind: Literal["all", "ranges", "curate"]
    text: str
    ranges: tuple[VersionRange, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold besides product and version. `product_id` where the advisory defines it.

    `kind` is a relationship or branch category of CSAF, or `text` for words in a name.
    """

    kind: str
    text: str
    product_id: str | None = None
    versions: Versions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A leaf of an advisory's product tree.

    `vendor` is as spelled, `makers` are canonical (one string may name several); `names` run from
    the family to the product, `line` is the product line of ``product_lines.yaml``; `models` are
    model, part and order numbers that the leaf states: they name it too, and narrow it only against
    another model of the same line. `cves`: the only ones that concern it by its own name.
    """

    id: str
    title: str
    vendor: str | None
    makers: tuple[str, ...]
    names: tuple[str, ...]
    line: str | None = None
    models: tuple[str, ...] = ()
    role: Role = "product"
    versions: Versions
    conditions: tuple[Condition, ...] = ()
    cves: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A link of an advisory or of one of its vulnerabilities."""

    url: str
    summary: str
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text of an advisory; `category` is CSAF's."""

    category: str
    text: str
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A CVSS score, or another metric by its name in CSAF 2.1 (epss, ssvc_v1), as text.

    `base` is None where only the vector is stated, as in links to the calculator.
    """

    metric: str
    vector: str
    base: float | None = None
    severity: str | None = None
    product_ids: tuple[str, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What holds for one product; `stated` is CSAF's own word, `why` explains an own conclusion."""

    product_id: str
    state: State
    stated: str
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A remediation, flag or threat: what kind, in what words, for which products.

    `category` is CSAF's category or label; no product means all of them.
    """

    category: str
    details: str = ""
    product_ids: tuple[str, ...] = ()
    url: str | None = None
    date: float | None = None
    restart: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """One vulnerability of an advisory."""

    cve: str | None
    ids: tuple[str, ...] = ()
    cwes: tuple[str, ...] = ()
    title: str | None = None
    notes: tuple[Note, ...] = ()
    scores: tuple[Score, ...] = ()
    statuses: tuple[Status, ...] = ()
    remediations: tuple[Remark, ...] = ()
    flags: tuple[Remark, ...] = ()
    threats: tuple[Remark, ...] = ()
    references: tuple[Reference, ...] = ()

    def states(self, product_id: str) -> frozenset[State]:
        """Return what holds for a product; more than one state is a contradiction."""
        return frozenset(s.state for s in self.statuses if s.product_id == product_id)

    def by_product(self) -> dict[str, frozenset[State]]:
        """Return what holds for each product that has a status, where many are asked for."""
        told: dict[str, set[State]] = {}
        for status in self.statuses:
            told.setdefault(status.product_id, set()).add(status.state)
        return {product: frozenset(states) for product, states in told.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """A security advisory. `source` is its format, `status` its tracking status."""

    id: str
    source: str
    title: str
    category: str
    publisher: str
    published: float | None
    updated: float
    revision: str
    status: str
    notes: tuple[Note, ...] = ()
    references: tuple[Reference, ...] = ()
    products: tuple[Product, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()

    def number_of(self, vulnerability: Vulnerability) -> str:
        """Return the number of one of its vulnerabilities: its CVE, another one, or its own."""
        if number := vulnerability.cve or next(iter(vulnerability.ids), None):
            return number
        nameless = [v for v in self.vulnerabilities if not v.cve and not v.ids]
        return self.id if len(nameless) == 1 else f"{self.id}#{nameless.index(vulnerability)}"
