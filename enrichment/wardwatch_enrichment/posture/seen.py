"""What of a device's posture needs more than a look at one row: with whom, whose, since when."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from wardwatch_enrichment import predicates
from wardwatch_enrichment.finding import Answer, Finding, Ground
from wardwatch_enrichment.model import BLOCKED, Event
from wardwatch_enrichment.posture import peers
from wardwatch_enrichment.posture.entries import Claim, Posture, made, stated, true
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.reachable import row_ground
from wardwatch_enrichment.surroundings import DAY, LIFE, Surroundings, is_within

OWN_SIDS = range(1_800_000, 1_900_000)  # shipped and generated; which of them mean harm is listed
_DNS = 53

_SIDED = ("auth", "uses")  # rows with a port where the device is the server, else without
_QUOTED = 3  # rows that an answer names


def needed(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield the finding of an entry all of whose needs were seen."""
    shown = around.shown
    if not shown or not all(_may_be_shown(asked, shown) for asked in one.needs):
        return
    own = of_side(around, one.side)
    if answers := _all_true(one.needs, own):
        yield made(one, own, answers, one.needs)


def _may_be_shown(asked: Need, shown: Container[str | None]) -> bool:
    """Tell whether it is worth a look: most devices show nothing of all this."""
    if asked.kind == "any":
        return any(_may_be_shown(one, shown) for one in asked.any)
    return asked.kind != "shows" or any(value in shown for value in asked.values)


def of_side(around: Surroundings, side: str) -> Surroundings:
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
        _reported(event, f"{event.signature}, from {event.peer or 'somebody'}")
        for event in _alarms(around, "inbound")
        if event.sid in one.sids
    ]
    if grounds:
        answer = true("log-in with a published account", grounds)
        yield replace(made(one, around, (answer,)), affected="possible")


def harm(one: Posture, around: Surroundings) -> Iterator[Finding]:
    """Yield that a sensor reports what only a device that is in others' hands sends."""
    grounds = [
        _reported(event, f"a sensor reports: {event.signature}, to {event.peer or 'somebody'}")
        for event in _alarms(around, "outbound")
        if not event.signature.endswith(BLOCKED)
        if _tells_harm(one, event, around)
    ]
    if grounds:
        yield made(one, around, (true("alarms at what it sends", grounds[:_QUOTED]),))


def _tells_harm(one: Posture, event: Event, around: Surroundings) -> bool:
    if event.sid in one.abroad:
        answered = event.sid not in one.unanswered or _met(event, around)
        return answered and _is_abroad(event, around)
    if event.sid in one.sids:
        return True
    known = event.severity == 1 and event.category in one.categories
    if not known or event.sid in OWN_SIDS or event.signature.startswith(one.unless):
        return False
    return not ("DNS" in event.signature and _asks_for_others(around))


def _is_abroad(event: Event, around: Surroundings) -> bool:
    return event.peer is not None and around.zone_of(event.peer) == "internet"


def _met(event: Event, around: Surroundings) -> bool:
    """Tell whether a session with the other end came about: of TCP its packets tell."""
    rows = (row for row in around.of("peers") if row.value in ("to", "with"))
    return any(is_within(str(event.peer), peer) for row in rows for peer in row.peers)


def _asks_for_others(around: Surroundings) -> bool:
    """Tell whether it looks names up for others, who are then the ones that ask."""
    asked = (row for row in around.of("service") if row.state == "accepted")
    return any("dns" in row.services or row.port == _DNS for row in asked)


def _alarms(around: Surroundings, direction: str) -> Iterator[Event]:
    """Yield the alarms of a direction that are not too old to speak, the latest first."""
    fresh = (e for e in around.device.events if around.now - e.last_seen <= LIFE)
    yield from sorted((e for e in fresh if e.direction == direction), key=lambda e: -e.last_seen)


def _reported(event: Event, sentence: str) -> Ground:
    return Ground(
        kind="seen",
        sentence=sentence,
        signed_by=event.sensor,
        time=event.last_seen,
        expires=event.last_seen + LIFE,
        log=event.log,
    )


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
    return _all_true(claim.needs, of_side(around, "server"))
