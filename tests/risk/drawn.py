"""Cases drawn at random, as plain values and as the record of the model."""

from __future__ import annotations

import random
from typing import Any

from wardwatch_enrichment.risk.case import Case, Factors, Threat
from wardwatch_enrichment.risk.rows import verdict

ZONES = (
    "isolated", "allowlisted", "clinical_shared", "unknown", "enterprise", "internet_out",
    "guest", "internet_in",
)  # fmt: skip  # from the best to the worst
AFFECTED = ("not_affected", "fixed", "possible", "likely", "confirmed")
FACTORS = (
    ((10, 7, 3), True), ((9, 5, 4), True), ((8, 5, 4), True), ((8, 8, 6), True), ((6, 5, 4), True),
    ((5, 8, 1), False), ((5, 7, 6), False), ((4, 4, 6), False), ((5, 9, 10), False),
    ((3, 5, 10), False), ((0, 1, 2), False), ((2, 5, 1), False),
)  # fmt: skip


def drawn(rng: random.Random, **fixed: Any) -> dict[str, Any]:
    """Return a case as plain values."""
    factors, life = rng.choice(FACTORS)
    truths = ("true", "true", "unknown", "weak_false", "strong_false")
    return {
        "factors": factors, "life": life, "fleet": rng.choice((1, 9, 10, 300)),
        "cvss": vector(rng), "affected": rng.choice((*AFFECTED, "likely", "confirmed")),
        "truths": [rng.choice(truths) for _ in range(rng.choice((0, 1, 1, 2)))],
        "zone": rng.choice(ZONES), "boundary": rng.random() < 0.5,
        "covered": rng.random() < 0.8, "recall": rng.random() < 0.05, "threat": threat(rng),
        **fixed,
    }  # fmt: skip


def vector(rng: random.Random) -> str:
    """Return a CVSS vector, that of a network more often."""
    parts = {
        "AV": "NNNNALP", "AC": "LLH", "PR": "NNNLH", "UI": "NNR", "S": "UUC", "C": "HHLN",
        "I": "HHLN", "A": "HHLN",
    }  # fmt: skip
    return "CVSS:3.1/" + "/".join(f"{name}:{rng.choice(of)}" for name, of in parts.items())


def threat(rng: random.Random) -> dict[str, Any]:
    """Return what is known of attackers."""
    return {
        "kev": rng.random() < 0.3, "ransomware": rng.random() < 0.3,
        "public": rng.random() < 0.4, "codeless": rng.random() < 0.3,
        "epss": rng.choice((0.0, 0.01, rng.random())), "attempt": rng.random() < 0.06,
        "harm": rng.random() < 0.04, "automatable": rng.choice((None, None, True, False)),
    }  # fmt: skip


def case(c: dict[str, Any]) -> Case:
    """Return the record of a drawn case."""
    s, e, p = c["factors"]
    return Case(
        factors=Factors(safety=s, effectiveness=e, data=p, life=c["life"], fleet=c["fleet"]),
        cvss=c["cvss"],
        affected=c["affected"],
        verdict=verdict(c["truths"], c["cvss"]),
        zone=c["zone"],
        threat=Threat(**c["threat"]),
        boundary_proven=c["boundary"],
        covered=c["covered"],
        recall=c["recall"],
    )
