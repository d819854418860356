"""What is supposed to have been done about devices, for a simulation: nothing of it was seen."""

from __future__ import annotations

from dataclasses import dataclass

# From the best place to the worst, as risk_model.yaml calls them.
ZONES = ("isolated", "allowlisted", "clinical_shared", "enterprise", "guest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """All that is done to a device at once; in which order does not count.

    `blocked` are its ports that nobody reaches any more, like tcp/23; `allowed` those that only
    listed peers reach; `zone` is where it is moved, behind a proven boundary; `sealed` cuts its way
    to the internet; `watched` are ports of which a rule tells, which changes nothing. `fixed` are
    vulnerabilities that a patch mends, `version` the software that it has then. `configured` are
    vulnerabilities with what an attacker needs that no longer holds.
    """

    blocked: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    zone: str | None = None
    sealed: bool = False
    watched: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    version: str | None = None
    configured: frozenset[tuple[str, str]] = frozenset()
    replaced: bool = False

    def __or__(self, other: Supposed) -> Supposed:
        """Return both together; of two places the better one counts."""
        places = [one.zone for one in (self, other) if one.zone]
        return Supposed(
            blocked=self.blocked | other.blocked,
            allowed=self.allowed | other.allowed,
            zone=min(places, key=ZONES.index, default=None),
            sealed=self.sealed or other.sealed,
            watched=self.watched | other.watched,
            fixed=self.fixed | other.fixed,
            version=self.version or other.version,
            configured=self.configured | other.configured,
            replaced=self.replaced or other.replaced,
        )
