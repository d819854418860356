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
from wardwatch_enrichment.risk.rating import URGENCY, Rated
from wardwatch_enrichment.risk.records import Standing

Found = tuple[Device, tuple[Rated, ...]]
Held = Mapping[str, Standing]  # what people decided, by the findings' ids
ACTIONS = 5
STYLES = {"Act": "bold red", "Attend": "red", "Cannot tell": "magenta", "Track*": "yellow"}


def overview(
    found: Sequence[Found], places: dict[str, str | None], held: Held
) -> Iterable[Table | Text]:
    """Yield devices with their findings, those with the same answer in one row.

    `places` are the devices' by their ids. What is accepted comes last, and is counted apart.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("label", no_wrap=True)
    table.add_column("score", justify="right")
    table.add_column("due", no_wrap=True)
    for heading in ("device id", "device", "place", "affected", "here", "findings"):
        table.add_column(heading, overflow="fold")
    for heading in ("reached from", "holds until", "decided"):
        table.add_column(heading, overflow="fold")
    rows = ((device, same) for device, rated in found for same in _alike(rated, held))
    for device, same in sorted(
        rows, key=lambda row: (_accepted(row[1][0], held), *row[1][0].order, row[0].id)
    ):
        one = same[0]
        name = (device.manufacturer, device.model, device.hostname)
        until = [r.finding.expires for r in same if r.finding.expires is not None]
        table.add_row(
            Text(one.risk.label, STYLES.get(one.risk.label, "")),
            f"{one.risk.score:.1f}" if one.case.cvss else "",
            _first_date(same),
            device.id[:8],
            cell(" ".join(filter(None, name[:2])) or name[2]),
            cell(places.get(device.id)),
            one.finding.affected.replace("_", " "),
            cell(one.finding.wording),
            Text(safe(_listed([f"{r.finding.id[:8]} {_called(r.finding)}" for r in same]))),
            cell(one.finding.reached_from),
            moment(min(until))[:10] if until else "",
            Text(stands(held.get(one.finding.id))),
        )
    yield table
    yield Text(_sum(found, held))


def _accepted(one: Rated, held: Held) -> bool:
    standing = held.get(one.finding.id)
    return standing is not None and standing.accepted is not None


def stands(standing: Standing | None) -> str:
    """Return what people decided of a finding, in short."""
    if standing is None:
        return ""
    given, parts = standing.accepted, [standing.lapsed]
    if given and given.until is not None:
        parts = [f"accepted until {moment(given.until)[:10]} by {given.who}"]
    parts += [f"owner {standing.owner}"] if standing.owner else []
    return "; ".join(cell(part).plain for part in (*parts, standing.status) if part)


def _first_date(rated: Iterable[Rated]) -> str:
    known = [r.clock.due for r in rated if r.clock and r.clock.due is not None]
    return moment(min(known))[:10] if known else ""


def _alike(rated: Iterable[Rated], held: Held) -> Iterable[list[Rated]]:
    """Yield findings with the same answer together, the worst of each first."""
    found: defaultdict[tuple[object, ...], list[Rated]] = defaultdict(list)
    for one in rated:
        about = one.finding
        told = stands(held.get(about.id))
        found[one.risk.label, about.affected, about.wording, about.reached_from, told].append(one)
    return found.values()


def _called(finding: Finding) -> str:
    """Return the number of a vulnerability; what has no number is called by its title."""
    return finding.title if finding.is_posture and finding.title else finding.vulnerability


def _listed(names: list[str]) -> str:
    some = ", ".join(names[:8])
    return some if len(names) <= 8 else f"{some} and {len(names) - 8} more"


def _sum(found: Sequence[Found], held: Held) -> str:
    every = [one for _, rated in found for one in rated]
    open_ = [one for one in every if one.finding.affected not in SETTLED]
    accepted = sum(_accepted(one, held) for one in open_)
    open_ = [one for one in open_ if not _accepted(one, held)]
    labels = Counter(one.risk.label for one in open_)
    parts = ", ".join(f"{labels[label]} {label}" for label in URGENCY if labels[label])
    settled = Counter(o.finding.wording for o in every if o.finding.affected in SETTLED)
    rest = ", ".join(f"{count} {safe(wording)}" for wording, count in settled.most_common())
    devices = len({one.finding.device_id for one in open_})
    text = f"{len(open_)} findings on {devices} devices: {parts}" if open_ else "Nothing is open"
    if accepted:
        text = f"{text}; {accepted} accepted" if open_ else f"{accepted} accepted, no others"
    return f"{text}; besides {rest}." if rest else f"{text}."


def detail(
    rated: Iterable[Rated], measures: Mapping[str, Sequence[Mitigation]], held: Held
) -> Iterable[Table | Text]:
    """Yield the findings of one device, each with its proof, and what to do.

    `measures` are those of a finding by its id; without them its own actions are shown.
    """
    for one in rated:
        finding = one.finding
        yield Text("")
        title = f" {safe(finding.title)}" if finding.title else ""
        yield Text(f"{safe(finding.vulnerability)}{title} [{finding.id[:8]}]")
        yield from _urgency(one)
        yield from _decided(held.get(finding.id))
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


def _decided(standing: Standing | None) -> Iterable[Text]:
    if standing is None:
        return
    if told := stands(standing):
        yield Text(f"  {told}")
    if standing.accepted:
        yield Text(f"  accepted because: {safe(standing.accepted.why)}")
    for one in standing.decisions:
        if one.kind == "note":
            yield Text(f"  {moment(one.at)} {safe(one.who)}: {safe(one.comment)}")


def _urgency(one: Rated) -> Iterable[Text]:
    risk = one.risk
    due = f", due within {risk.due_days} days" if risk.due_days is not None else ""
    if one.clock and one.clock.due is not None:
        due = f", due on {moment(one.clock.due)[:10]}"
        due += f" (so since {moment(one.clock.since)[:10]})"
    task = f"; {risk.task}" if risk.task else ""
    yield Text(f"  {safe(one.reason)}{due}{task}", STYLES.get(risk.label, ""))
    if one.case.cvss:
        axes = f"safety {risk.safety:.1f}, effectiveness {risk.effectiveness:.1f}"
        yield Text(f"  score {risk.score:.1f} of 100: {axes}, data {risk.data:.1f}")


TRUTHS = {"true": "yes", "strong_false": "no", "weak_false": "not seen", "unknown": "unknown"}


def _answer(answer: Answer) -> Iterable[Text]:
    yield Text(f"  - {safe(answer.predicate)}: {TRUTHS[answer.truth]}")
    for ground in answer.grounds:
        until = f", until {moment(ground.expires)}" if ground.expires else ""
        signed = f" [{safe(ground.signed_by)}, {moment(ground.time)}{until}]"
        void = f"; void if {safe(', or '.join(ground.void))}" if ground.void else ""
        yield Text(f"      {safe(ground.sentence)}{signed}{void}")
        if ground.line:
            yield Text(f"      {safe(ground.log or '')}: {safe(ground.line)[:240]}")
    if answer.missing:
        yield Text(f"      would tell: {safe(answer.missing)}")
