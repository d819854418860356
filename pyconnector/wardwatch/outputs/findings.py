"""Findings on a terminal: which devices, how sure, reached by whom, what to do, what proof."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from wardwatch.outputs.terminal import cell, moment, safe
from wardwatch_enrichment.finding import SETTLED, Answer, Finding
from wardwatch_enrichment.mitigation.measures import Mitigation
from wardwatch_enrichment.model import Device

Found = tuple[Device, tuple[Finding, ...]]
ACTIONS = 5


def overview(found: Sequence[Found], places: dict[str, str | None]) -> Iterable[Table | Text]:
    """Yield devices with their findings, those with the same answer in one row.

    `places` are the devices' by their ids.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("id", "device", "place", "affected", "here", "vulnerabilities"):
        table.add_column(heading, overflow="fold")
    for heading in ("reached from", "holds until"):
        table.add_column(heading, overflow="fold")
    for device, findings in found:
        for (affected, wording, reached), same in _alike(findings).items():
            name = (device.manufacturer, device.model, device.hostname)
            until = [f.expires for f in same if f.expires is not None]
            table.add_row(
                device.id[:8],
                cell(" ".join(filter(None, name[:2])) or name[2]),
                cell(places.get(device.id)),
                affected.replace("_", " "),
                cell(wording),
                Text(safe(_listed([_called(f) for f in same]))),
                cell(reached),
                moment(min(until))[:10] if until else "",
            )
    yield table
    yield Text(_sum(found))


def _alike(findings: Iterable[Finding]) -> dict[tuple[str, str, tuple[str, ...]], list[Finding]]:
    found: defaultdict[tuple[str, str, tuple[str, ...]], list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.affected, finding.wording, finding.reached_from].append(finding)
    return found


def _called(finding: Finding) -> str:
    """Return the number of a vulnerability; what has no number is called by its title."""
    return finding.title if finding.is_posture and finding.title else finding.vulnerability


def _listed(names: list[str]) -> str:
    some = ", ".join(names[:8])
    return some if len(names) <= 8 else f"{some} and {len(names) - 8} more"


def _sum(found: Sequence[Found]) -> str:
    every = [f for _, findings in found for f in findings]
    open_ = [f for f in every if f.affected not in SETTLED]
    said = Counter(f.wording for f in open_)
    parts = ", ".join(f"{count} {safe(wording)}" for wording, count in said.most_common())
    settled = Counter(f.wording for f in every if f.affected in SETTLED)
    rest = ", ".join(f"{count} {safe(wording)}" for wording, count in settled.most_common())
    text = f"{len(open_)} findings on {len(found)} devices: {parts}" if open_ else "Nothing is open"
    return f"{text}; besides {rest}." if rest else f"{text}."


def detail(
    findings: Iterable[Finding], measures: Mapping[str, Sequence[Mitigation]]
) -> Iterable[Table | Text]:
    """Yield the findings of one device, each with its proof, and what to do.

    `measures` are those of a finding by its id; without them its own actions are shown.
    """
    for finding in findings:
        yield Text("")
        title = f" {safe(finding.title)}" if finding.title else ""
        yield Text(f"{safe(finding.vulnerability)}{title}")
        match = finding.matches[0] if finding.matches else None
        state = finding.affected.replace("_", " ")
        why = f": {safe(match.reason)} ({safe(match.advisory)})" if match else ""
        yield Text(f"  {state}{why}")
        if finding.verdict:
            until = f", holds until {moment(finding.expires)}" if finding.expires else ""
            yield Text(f"  here: {safe(finding.wording)}{until}")
        for answer in finding.answers:
            yield from _answer(answer)
        if finding.assumed:
            yield Text(f"  assumed, nobody has looked yet: needs by {safe(finding.assumed)}")
        for note in finding.notes:
            yield Text(f"  {safe(note)}")
        known = [f"{m.rank}: {m.text}" for m in measures.get(finding.id, ())]
        told = known or (finding.actions if finding.verdict else ())
        for action in told[:ACTIONS]:
            yield Text(f"  to do: {safe(action)}")


_TRUTHS = {"true": "yes", "strong_false": "no", "weak_false": "not seen", "unknown": "unknown"}


def _answer(answer: Answer) -> Iterable[Text]:
    yield Text(f"  - {safe(answer.predicate)}: {_TRUTHS[answer.truth]}")
    for ground in answer.grounds:
        until = f", until {moment(ground.expires)}" if ground.expires else ""
        signed = f" [{safe(ground.signed_by)}, {moment(ground.time)}{until}]"
        void = f"; void if {safe(', or '.join(ground.void))}" if ground.void else ""
        yield Text(f"      {safe(ground.sentence)}{signed}{void}")
        if ground.line:
            yield Text(f"      {safe(ground.log or '')}: {safe(ground.line)[:240]}")
    if answer.missing:
        yield Text(f"      would tell: {safe(answer.missing)}")
