"""What of a device's posture needs more than a look at one row: with whom, whose, since when."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from wardwatch_enrichment import predicates
from wardwatch_enrichment.finding import Answer, Finding, Ground
from wardwatch_enrichment.posture import peers
from wardwatch_enrichment.posture.entries import Claim, Posture, made, stated, true
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.reachable import row_ground
from wardwatch_enrichment.surroundings import DAY, LIFE, Surroundings

_SIDED = ("auth", "uses")  # rows with a port where the device is the server, else without
_QUOTED = 3  # rows that an answer names


def needed(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield the finding of an entry all of whose needs were seen."""
    shown = around.shown
    if not shown or not all(_may_be_shown(asked, shown) for asked in one.needs):
        return
    of_side = _of_side(around, one.side)
    if answers := _all_true(one.needs, of_side):
        yield made(one, of_side, answers, one.needs)


def _may_be_shown(asked: Need, shown: Container[str | None]) -> bool:
    """Tell whether it is worth a look: most devices show nothing of all this."""
    if asked.kind == "any":
        return any(_may_be_shown(one, shown) for one in asked.any)
    return asked.kind != "shows" or any(value in shown for value in asked.values)


def _of_side(around: Surroundings, side: str) -> Surroundings:
    """Leave of what was shown what the device showed as a server, which has its port, or else."""
    kept = (
        row
        for row in around.rows
        if row.kind not in _SIDED or (row.port is not None) == (side == "server")
    )
    return replace(around, rows=tuple(kept), answered={})


def _all_true(needs: Iterable[Need], around: Surroundings) -> tuple[Answer, ...]:
    answers = tuple(predicates.answer(one, around) for one in needs)
    return answers if all(answer.truth == "true" for answer in answers) else ()


def crossing(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield that medical data crosses into another zone of the plan readably."""
    found = list(peers.crossing(around, one.names))
    if not found:
        return
    zones = sorted({zone for _, _, zone in found})
    grounds = [
        row_ground(row, "seen", f"{'/'.join(row.services)} was readable between it and {peer}")
        for row, peer, _ in _latest(found)
    ]
    answer = true(f"readable sessions with {', '.join(zones)}", grounds)
    yield replace(made(one, around, (answer,)), reached_from=tuple(zones))


def internet(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield that a device of a kind that has no business there calls the internet."""
    if around.device.device_class in one.classes and (answer := _calls_out(around)):
        yield made(one, around, (answer,))


def _calls_out(around: Surroundings) -> Answer | None:
    found = list(peers.outside(around))
    grounds = [row_ground(row, "seen", f"it called {peer}") for row, peer in _latest(found)]
    count = len({peer for _, peer in found})
    return true(f"calls on the internet, to {count} addresses", grounds) if found else None


def _speaks(claim: Claim, around: Surroundings) -> Answer | None:
    found = _latest(peers.readable(around, claim.names))
    grounds = [
        row_ground(row, "seen", f"{'/'.join(row.services)} was readable between it and {peer}")
        for row, peer in found
    ]
    return true(f"readable {' or '.join(claim.names)}", grounds) if grounds else None


def _latest(found: Iterable[Any]) -> list[Any]:
    """Return the latest of rows with their peer behind them, one for each peer."""
    by_peer = {one[1]: one for one in sorted(found, key=lambda one: one[0].last_seen)}
    return sorted(by_peer.values(), key=lambda one: (-one[0].last_seen, one[1]))[:_QUOTED]


def certificate(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield that a certificate was shown after its own end."""
    for found in around.device.attributes:
        ends = _end_of(found.value) if found.name == "tls.not_after" and found.current else None
        if ends is None or around.now - found.last_seen > LIFE or found.last_seen <= ends:
            continue
        sentence = f"a certificate was shown whose last day was {found.value}"
        yield made(one, around, (true("expired certificate", [stated(found, sentence)]),))
        return


def _end_of(day: str) -> float | None:
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + DAY
    except ValueError:
        return None


def account(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield that a sensor's rule saw a published account used on the device."""
    grounds = [
        Ground(
            kind="seen",
            sentence=f"{event.signature}, from {event.peer or 'somebody'}",
            signed_by=event.sensor,
            time=event.last_seen,
            expires=event.last_seen + LIFE,
            log=event.log,
        )
        for event in around.device.events
        if event.sid in one.sids
        and event.direction == "inbound"
        and around.now - event.last_seen <= LIFE
    ]
    if grounds:
        answer = true("log-in with a published account", grounds)
        yield replace(made(one, around, (answer,)), affected="possible")


def disclosure(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield what the wire shows against an answer of the device's disclosure statement."""
    told = {
        fact.values["question"]: fact for fact in reversed(around.handling) if fact.kind == "mds2"
    }
    for claim in one.answers:
        fact = told.get(claim.question)
        if fact is None or fact.values["answer"] != claim.answer:
            continue
        answers = _against(claim, around)
        if not answers:
            continue
        where = f"{fact.source}:{fact.line}"
        found = made(one, around, answers, claim.needs, f"-{claim.question}")
        said = f"{claim.question} is answered {claim.answer} ({where}): {claim.says}"
        yield replace(
            found,
            title=f"{one.title}: {claim.question}",
            affected=claim.affected,
            notes=(said, *found.notes),
        )


def _against(claim: Claim, around: Surroundings) -> tuple[Answer, ...]:
    if claim.check:
        answer = _calls_out(around) if claim.check == "internet" else _speaks(claim, around)
        return (answer,) if answer else ()
    return _all_true(claim.needs, _of_side(around, "server"))
