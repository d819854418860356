"""One finding explained on a terminal: how its figures came about, and every line behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from wardwatch.outputs.findings import STYLES, TRUTHS
from wardwatch.outputs.terminal import moment, safe
from wardwatch_enrichment.finding import Answer, Exposure, Ground, Match
from wardwatch_enrichment.model import Device, Evidence
from wardwatch_enrichment.risk.derivation import Step
from wardwatch_enrichment.risk.rating import Rated


def explanation(
    device: Device,
    rated: Rated,
    steps: Iterable[Step],
    proof: Iterable[Evidence],
    callers: Iterable[Exposure],
) -> Iterator[Table | Text]:
    """Yield a finding: the line, the steps, why it is about the device, and what was seen."""
    finding = rated.finding
    name = (device.manufacturer, device.model, device.hostname, device.ips[0] if device.ips else "")
    yield Text(f"{safe(finding.vulnerability)} {safe(finding.title)}".rstrip())
    yield Text(f"on {safe(' '.join(filter(None, name)))} ({device.id}), finding {finding.id}")
    yield Text(safe(rated.reason), STYLES.get(rated.risk.label, ""))
    yield _steps(steps)
    yield Text(f"weighed {safe(rated.weighed_as)}; {safe(rated.reached.reason)}")
    for row in callers:
        yield from _line(row.sensor, row.last_seen, None, row.log, row.line)
    for match in finding.matches:
        yield from _match(match)
    for evidence in proof:
        yield Text(f"{evidence.field}: {safe(evidence.value)}")
        yield from _line(evidence.sensor, evidence.time, evidence.uid, evidence.log, evidence.line)
    for answer in finding.answers:
        yield from _answer(answer)
    for note in finding.notes:
        yield Text(safe(note))


def sources(
    would_change: Sequence[str], documents: Iterable[str], versions: Iterable[str]
) -> Iterator[Text]:
    """Yield what would change it, and of which versions all this is."""
    yield Text("would change it:" if would_change else "nothing is known that would change it")
    for told in (would_change, documents, versions):
        for line in told:
            yield Text(f"  {safe(line)}")


def _steps(steps: Iterable[Step]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("step", "value", "why"):
        table.add_column(heading, overflow="fold")
    for step in steps:
        table.add_row(*(Text(safe(text)) for text in step))
    return table


def _match(match: Match) -> Iterator[Text]:
    yield Text(f"{safe(match.advisory)} ({safe(match.publisher)}): {safe(match.reason)}")
    for heading, told in (("searched", match.searched_by), ("found", match.found)):
        parts = ", ".join(f"{name} {text}" for name, text in told.items() if text)
        yield Text(f"  {heading}: {safe(parts)}")
    yield Text(f"  product: {safe(match.product)}; {match.affected.replace('_', ' ')}")


def _answer(answer: Answer) -> Iterator[Text]:
    yield Text(f"{safe(answer.predicate)}: {TRUTHS[answer.truth]}")
    for ground in answer.grounds:
        yield from _ground(ground)


def _ground(ground: Ground) -> Iterator[Text]:
    until = f", holds until {moment(ground.expires)}" if ground.expires else ""
    yield Text(f"  {ground.kind}: {safe(ground.sentence)}{until}")
    yield from _line(ground.signed_by, ground.time, None, ground.log, ground.line)


def _line(who: str, time: float, uid: str | None, log: str | None, line: str) -> Iterator[Text]:
    parts = (who, moment(time), log or "", uid or "")
    yield Text(f"    {safe(', '.join(filter(None, parts)))}")
    if line:
        yield Text(f"    {safe(line)}")
