"""What an answer becomes where something is supposed to have been done: never a worse one.

A block is the proof of a boundary at exactly its ports, from everywhere. After a move nobody knows
yet whether what was reached from elsewhere still is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wardwatch_enrichment.finding import Answer, Exposure, Ground
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.reachable import is_of
from wardwatch_enrichment.surroundings import Surroundings

SIMULATED = "simulation"  # who signs what nobody saw
_CLOSED = ("service", "no_authentication", "shows", "clear")
_SHOWN = ("service", "auth", "uses")
_BEST = ("strong_false", "weak_false", "unknown", "true")
Ask = Callable[[Need, Surroundings], Answer]


def revised(need: Need, made: Answer, around: Surroundings, ask: Ask) -> Answer:
    """Return an answer as it is once all is done that is supposed; `ask` gives it by evidence."""
    what, found = around.supposed, [made]
    if what is None or made.truth == "strong_false":
        return made
    if what.blocked and need.kind in _CLOSED:
        found.append(_blocked(need, made, around, ask))
    if what.zone and need.kind == "service" and made.truth == "true":
        found.append(_moved(need, made, around))
    return min(found, key=lambda one: _BEST.index(one.truth))


def refuted(predicate: str, around: Surroundings, sentence: str) -> Answer:
    """Return that something no longer holds, as is supposed."""
    proof = Ground(
        kind="boundary", sentence=f"simulated: {sentence}", signed_by=SIMULATED, time=around.now
    )
    why = "protected_at_perimeter"
    return Answer(predicate=predicate, truth="strong_false", grounds=(proof,), justification=why)


def without(around: Surroundings, ports: frozenset[str]) -> Surroundings:
    """Return the evidence without what was seen at some ports of the device's own.

    How well it was watched stays as it was.
    """
    rows = tuple(_closed(row) if _port(row) in ports else row for row in around.rows)
    made = replace(around, rows=rows, answered={}, judged={}, supposed=None)
    vars(made)["watched"] = around.watched
    return made


def _closed(row: Exposure) -> Exposure:
    if row.kind == "service":
        return replace(row, state="unanswered", by=None)
    return replace(row, value=None) if row.kind in _SHOWN else row


def _blocked(need: Need, made: Answer, around: Surroundings, ask: Ask) -> Answer:
    ports = around.supposed.blocked if around.supposed else frozenset()
    left = tuple(port for port in need.ports if port not in ports)
    seen = {_port(row) for row in around.rows if row.kind in _SHOWN and is_of(row, need)}
    if need.ports and not left and seen <= ports:
        shut = ", ".join(need.ports)
        return refuted(made.predicate, around, f"{shut} is blocked to it from anywhere")
    if not seen & ports:
        return made
    asked = replace(need, ports=left) if left else need
    found = ask(asked, without(around, ports))
    told = f"with {', '.join(sorted(seen & ports))} blocked, as simulated: "
    grounds = tuple(replace(one, sentence=told + one.sentence) for one in found.grounds)
    return replace(found, predicate=made.predicate, grounds=grounds)


def _moved(need: Need, made: Answer, around: Surroundings) -> Answer:
    """Return that nobody knows what only callers from elsewhere showed."""
    rows = (row for row in around.of("service") if row.state == "accepted" and is_of(row, need))
    if any(around.is_near(peer) for row in rows for peer in row.peers):
        return made
    missing = "whether what its new network lets in still reaches it"
    return Answer(predicate=made.predicate, truth="unknown", missing=missing)


def _port(row: Exposure) -> str:
    return f"{row.proto}/{row.port}"
