"""What was found over time: each run that found something new, and each state of a finding.

Only what changed makes a row. A state is never changed; beside it stands whether it is the last
of its finding, and whether that is open.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from wardwatch.store.schema import Asking
from wardwatch_enrichment.risk.records import State

_STATES = msgspec.json.Decoder(State)
_FORMER, _OPEN, _CLOSED = 0, 1, 2  # what `last` says of a state


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """One run over a site: by which model, figures and data, and what it came to.

    `policy` is the digest of the site's figures, `figures` are its own. `devices` are all of the
    site, `uncovered` those with something open that no sensor sees.
    """

    number: int = 0
    site: str
    at: float
    model: str
    policy: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    devices: int
    findings: int
    labels: Mapping[str, int] = field(default_factory=dict)
    uncovered: int


class History(Asking):
    """The part of the store that keeps what was found. All that changes is in a transaction."""

    def next_run(self) -> int:
        """Return the number that the next run will have; also one that was cut off had its own."""
        query = """SELECT max(coalesce((SELECT max(number) FROM assessed), 0), coalesce(
            (SELECT run FROM finding_state ORDER BY number DESC LIMIT 1), 0)) + 1"""
        (number,) = self._db.execute(query).fetchone()
        return int(number)

    def put_run(self, run: Assessed) -> None:
        """Keep a run under its number."""
        self._db.execute(
            "INSERT INTO assessed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run.number, run.site, run.at, run.model, run.policy, _json(run.figures),
                _json(run.versions), run.devices, run.findings, _json(run.labels), run.uncovered,
            ),
        )  # fmt: skip

    def runs(self, site: str | None = None) -> Iterator[Assessed]:
        """Yield the runs over one site or all, the oldest first."""
        query = """SELECT number, site, at, model, policy, figures, versions, devices, findings,
            labels, uncovered FROM assessed WHERE ?1 IS NULL OR site = ?1 ORDER BY number"""
        for row in self._db.execute(query, (site,)):
            yield _run(row)

    def last_run(self, site: str) -> Assessed | None:
        """Return the last run over a site."""
        query = """SELECT number, site, at, model, policy, figures, versions, devices, findings,
            labels, uncovered FROM assessed WHERE site = ? ORDER BY number DESC LIMIT 1"""
        row = self._db.execute(query, (site,)).fetchone()
        return _run(row) if row else None

    def put_states(self, states: Iterable[State]) -> None:
        """Keep new states of findings, each as the last of its finding."""
        for one in states:
            name = (one.site, one.finding)
            self._db.execute(
                "UPDATE finding_state SET last = 0 WHERE site = ? AND finding = ? AND last", name
            )
            body = zlib.compress(msgspec.json.encode(one), 1)
            last = _OPEN if one.closed is None else _CLOSED
            self._db.execute(
                """INSERT INTO finding_state (site, finding, device, at, run, last, body)
                VALUES (?, ?, ?, ?, ?, ?, ?)""",
                (*name, one.device_id, one.at, one.run, last, body),
            )

    def last_states(
        self, site: str, device_ids: Iterable[str] | None = None, *, every: bool = True
    ) -> Iterator[State]:
        """Yield the last state of each finding of a site, or of some devices.

        `every` takes those that are closed, too.
        """
        given: list[object] = [site, _CLOSED if every else _OPEN]
        only = ""
        if device_ids is not None:
            given.append(json.dumps(sorted(device_ids)))
            only = "AND device IN (SELECT told.value FROM json_each(?) AS told)"
        query = f"""SELECT body FROM finding_state WHERE site = ? AND last AND last <= ? {only}
            ORDER BY device, finding"""  # noqa: S608  constant
        yield from self._decoded_states(query, given)

    def open_findings(self, site: str) -> dict[str, str]:
        """Return the findings whose last state is open, each with the device that it is on."""
        query = """SELECT finding, device FROM finding_state
            WHERE site = ? AND last AND last = 1 ORDER BY finding"""
        return dict(self._db.execute(query, (site,)))

    def states(
        self, site: str | None = None, *, finding: str | None = None, device: str | None = None
    ) -> Iterator[State]:
        """Yield all states: of a site, a finding, a device; in the order in which they came."""
        query = """SELECT body FROM finding_state WHERE (?1 IS NULL OR site = ?1)
            AND (?2 IS NULL OR finding = ?2) AND (?3 IS NULL OR device = ?3) ORDER BY number"""
        yield from self._decoded_states(query, (site, finding, device))

    def devices_on_record(self, prefix: str) -> list[str]:
        """Return the ids that begin so, of all devices that something was ever found on."""
        query = "SELECT DISTINCT device FROM finding_state WHERE substr(device, 1, ?) = ?"
        return sorted(name for (name,) in self._db.execute(query, (len(prefix), prefix)))

    def states_at(self, site: str, at: float) -> Iterator[State]:
        """Yield what was the last state of each finding at a time."""
        query = """SELECT body FROM finding_state WHERE number IN
            (SELECT max(number) FROM finding_state WHERE site = ? AND at <= ? GROUP BY finding)
            ORDER BY device, finding"""
        yield from self._decoded_states(query, (site, at))

    def taken_since(self, at: float) -> set[str]:
        """Return the ids of the advisories that were taken after a time."""
        query = "SELECT id FROM feed_document WHERE taken > ?"
        return {name for (name,) in self._db.execute(query, (at,))}

    def _decoded_states(self, query: str, given: Iterable[object]) -> Iterator[State]:
        for (body,) in self._db.execute(query, tuple(given)):
            yield decoded(body)


def decoded(body: bytes) -> State:
    """Return a state as it is kept."""
    return _STATES.decode(zlib.decompress(body))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True)


def _run(row: tuple) -> Assessed:  # type: ignore[type-arg]  # a row of the table
    number, site, at, named, policy, figures, versions, devices, findings, labels, uncovered = row
    return Assessed(
        number=number,
        site=site,
        at=at,
        model=named,
        policy=policy,
        figures=json.loads(figures),
        versions=json.loads(versions),
        devices=devices,
        findings=findings,
        labels=json.loads(labels),
        uncovered=uncovered,
    )
