"""Findings with their risks: of a site, of a device, of advisories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from wardwatch.risk import findings
from wardwatch.risk.site import Judged, Site
from wardwatch.store import Store
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.factors import Known, Weighed, factors, readable
from wardwatch_enrichment.risk.policy import Policy, PolicyError, policy
from wardwatch_enrichment.risk.rating import DeviceRisk, Rated, Rater
from wardwatch_enrichment.risk.threats import Known as Threats
from wardwatch_enrichment.risk.threats import attempted
from wardwatch_enrichment.surroundings import LIFE, Surroundings

Found = tuple[Device, tuple[Rated, ...]]


class PolicyFileError(Exception):
    """The site's policy cannot be followed; the message says what is wrong, and where."""


def policy_of(path: Path | None) -> Policy:
    """Read what a site decided of the risk model; raises `PolicyFileError`."""
    if path is None:
        return Policy()
    try:
        return policy(yaml.safe_load(path.read_bytes()))
    except OSError as error:
        raise PolicyFileError(f"{path}: {error.strerror}; check [risk] policy") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise PolicyFileError(f"{path}: is no YAML: {error}") from None
    except PolicyError as error:
        lines = "\n".join(f"{path}: {line}" for line in str(error).splitlines())
        raise PolicyFileError(lines) from None


class Appraised(NamedTuple):
    """A device in its surroundings, its findings with their risks, the worst first, and its own."""

    around: Surroundings
    rated: tuple[Rated, ...]
    whole: DeviceRisk

    @property
    def device(self) -> Device:
        """The device as it is shown."""
        return self.around.device


def of_site(store: Store, site: str, now: float, decided: Policy) -> Iterator[Appraised]:
    """Yield the devices of a site that have something open or settled, with that."""
    place = Site(store, site, now)
    yield from appraised(rater(place, decided), findings.judged(place))


def of_device(store: Store, device: Device, now: float, decided: Policy) -> Appraised | None:
    """Return one device of the inventory; None where nothing is open or settled on it."""
    place = findings.site_of(store, device, now)
    judged = findings.judged(place, [device.id])
    return next(appraised(rater(place, decided), judged), None)


def of_advisories(
    store: Store, site: str, known: Iterable[Advisory], now: float, decided: Policy
) -> Iterator[Appraised]:
    """Yield the devices of a site that some advisories are about, with what they come to there."""
    known = tuple(known)
    place = Site(store, site, now, findings.tokens(known))
    yield from appraised(rater(place, decided), findings.of_advisories(place, known))


def rater(place: Site, decided: Policy) -> Rater:
    """Return what rates the findings of a site."""
    store = place.store
    known = Threats(
        exploited=cache(store.exploited),
        score=cache(store.score),
        decision=cache(store.decision),
        attempted=attempted(store.signatures(place.name, place.now - LIFE)),
    )

    return Rater(decided, known, weigher(place))


def weigher(place: Site) -> Callable[[Surroundings], Weighed]:
    """Return what weighs the devices of a site by all that is known of them."""
    sustaining = cache(lambda kind: _sustaining(place.store, kind))

    def weigh(around: Surroundings) -> Weighed:
        device = around.device
        known = Known(
            fleet=place.fleet_of(device),
            told=place.criticality.of(device),
            only=place.only(device),
            readable=readable(around),
            sustaining=sustaining(device.type or ""),
        )
        return factors(device, known)

    return weigh


def _sustaining(store: Store, kind: str) -> str:
    """Return by which code the FDA calls a kind of device life-sustaining; empty for none."""
    known = device_types().get(kind)
    for code in known.fda_product_codes if known else ():
        about = store.classification(code)
        if about and about.life_sustaining:
            return f"the FDA's classification ({code})"
    return ""


def appraised(rating: Rater, judged: Iterable[Judged]) -> Iterator[Appraised]:
    """Yield judged devices with the risks of their findings."""
    for around, found in judged:
        rated = rating.rate(around, found)
        yield Appraised(around, rated, rating.whole(rated))
