"""`advisory`: which of our devices a vulnerability hits, how sure, how grave, and what to do."""

from __future__ import annotations

import argparse
import re
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from wardwatch.commands import CommandError, Verb, complain, open_store, show, show_json, show_old
from wardwatch.config import Config
from wardwatch.decisions import deciding
from wardwatch.documents.finding_json import finding_json, place
from wardwatch.feeds.kinds import LIMITS
from wardwatch.outputs import findings as shown
from wardwatch.outputs.findings import Held
from wardwatch.outputs.terminal import safe
from wardwatch.risk import findings as assessed
from wardwatch.risk import recording, risks
from wardwatch.risk.ages import Ages
from wardwatch.risk.risks import Found
from wardwatch.sources import bulletins
from wardwatch.store import Store
from wardwatch_enrichment import curation
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.finding import OPEN
from wardwatch_enrichment.json_place import AdvisoryError
from wardwatch_enrichment.risk.rating import Rated

_CVE = re.compile(r"CVE-\d{4}-\d{4,7}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked: advisories, and if not all of them, for which vulnerability."""

    name: str
    advisories: tuple[Advisory, ...]
    vulnerability: str | None = None


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "advisory",
        advisory,
        "tell which devices an advisory, a CVE or a bulletin hits, how sure, and what to do",
        "wardwatch advisory ICSMA-20-170-04",
    )
    made.add_argument(
        "name",
        metavar="ID|FILE",
        help="id of an imported advisory, a CVE, a CSAF file, or a bulletin as text or HTML",
    )
    add_common(made)


def add_common(made: argparse.ArgumentParser) -> None:
    """Add what all commands on findings take."""
    made.add_argument("--all", action="store_true", help="also what is fixed or not affected")
    made.add_argument("--site", metavar="NAME", help="only this site's devices")
    made.add_argument("--json", action="store_true", help="one JSON object a line, with all proof")


def advisory(options: Namespace, config: Config) -> int:
    """Answer for one advisory, or one by one for what a bulletin names."""
    now, decided = time.time(), risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        sites = [options.site] if options.site else store.sites()
        questions = _questions(store, options.name)
        asked = {id(one): one for question in questions for one in question.advisories}
        found = [
            (one.device, one.rated)
            for site in sites
            for one in risks.of_advisories(store, site, asked.values(), now, decided)
        ]
        dated = recording.dated(store, wanted(found, every=options.all), now, decided)
        answers = _answers(questions, dated)
        held, ages = deciding.held(store, found, now), Ages(store, now)
        for question, answer in zip(questions, answers, strict=True):
            if options.json:
                _tell_json(question, answer, held, ages)
            else:
                _tell(store, question, answer, sites, held)
        if not options.json and asked:
            _tell_blind(store, sites)
        if not options.json:
            show_old(ages.every)
    return 0


def _questions(store: Store, name: str) -> list[_Question]:
    if _CVE.fullmatch(name):
        return _about(store, [name.upper()])
    if _is(Path.is_file, name):
        return _of_file(store, Path(name))
    documents = [d for n in dict.fromkeys((name, name.upper())) for d in store.documents(name=n)]
    if not documents and _is(Path.is_dir, name):
        raise CommandError(f"{name}: is a directory; name one of its files")
    if not documents:
        raise CommandError(
            f"{name[:200]}: no advisory of this id was imported, and there is no such file; "
            "`wardwatch feeds import FILE` takes one"
        )
    found = tuple(curation.decided(csaf.parse(d.body)) for d in documents)
    return [_Question(name=name.upper(), advisories=found)]


def _is(kind: Callable[[Path], bool], name: str) -> bool:
    try:
        return bool(name) and kind(Path(name))
    except OSError:  # no name that a file could have
        return False


def _about(store: Store, numbers: Sequence[str]) -> list[_Question]:
    """Return the questions for vulnerabilities; all advisories are looked for at once."""
    naming: dict[str, list[Advisory]] = {number: [] for number in numbers}
    for one in assessed.advisories(store, [f"cve:{number}" for number in numbers]):
        for number in {v.cve for v in one.vulnerabilities if v.cve} & naming.keys():
            naming[number].append(one)
    return [
        _Question(name=number, advisories=tuple(known), vulnerability=number)
        for number, known in naming.items()
    ]


def _of_file(store: Store, path: Path) -> list[_Question]:
    if path.stat().st_size > LIMITS["csaf"]:
        raise CommandError(f"{path}: is over {LIMITS['csaf'] >> 20} MB; no advisory is so large")
    body = path.read_bytes()
    try:
        found = curation.decided(csaf.parse(body))
    except (AdvisoryError, RecursionError) as error:
        if body.lstrip()[:1] == b"{":
            raise CommandError(f"{path}: {error}") from None
    else:
        return [_Question(name=found.id, advisories=(found,))]
    try:
        return _about(store, bulletins.vulnerabilities(body))
    except bulletins.BulletinError as error:
        raise CommandError(f"{path}: {error}") from None


def _answers(questions: Iterable[_Question], found: Sequence[Found]) -> Iterator[list[Found]]:
    """Yield, for each question, what was found that is about it."""
    about: defaultdict[str, list[Found]] = defaultdict(list)
    for device, rated in found:
        for one in rated:
            about[one.finding.vulnerability].append((device, (one,)))
    for question in questions:
        asked = question.vulnerability
        yield list(found) if asked is None else sorted(about[asked], key=worst)


def wanted(found: Iterable[Found], *, every: bool) -> list[Found]:
    """Return what is open, or all of it, the worst first."""
    kept = (
        (device, tuple(r for r in rated if every or r.finding.affected in OPEN))
        for device, rated in found
    )
    return sorted((one for one in kept if one[1]), key=worst)


def worst(found: Found) -> tuple[object, ...]:
    """Sort the worst first."""
    device, rated = found
    return (*rated[0].order, device.site, device.id)


def _tell_json(question: _Question, found: Iterable[Found], held: Held, ages: Ages) -> None:
    if not question.advisories:
        complain(f"{question.name}: no imported advisory names it; nobody can tell who is affected")
    tell_json(found, held, ages)


def tell_json(found: Iterable[Found], held: Held, ages: Ages) -> None:
    """Print findings for a program."""
    for device, rated in found:
        for one in rated:
            old = [aged.json for aged in ages.of(one.finding)]
            show_json(finding_json(device, one, held.get(one.finding.id), old))


def _tell(
    store: Store, question: _Question, found: Sequence[Found], sites: Sequence[str], held: Held
) -> None:
    show([Text(line) for line in _head(store, question)])
    if found:
        show(shown.overview(found, places(found, sites), held))
        for action in dict.fromkeys(a for _, rated in found for one in rated for a in _to_do(one)):
            show([Text(f"to do: {safe(action)[:400]}")])
    elif question.advisories:
        text = "No device in the inventory is known to be affected; --all shows those that are not."
        show([Text(text)])


def _tell_blind(store: Store, sites: Iterable[str]) -> None:
    blind = sum(d.model is None for site in sites for d in store.slight_devices(site))
    if blind:
        show([Text(f"Cannot tell: {blind} devices whose model is not known.")])


def places(found: Iterable[Found], sites: Sequence[str]) -> dict[str, str | None]:
    """Return where the devices stand; at which site, too, where there are several."""
    told = ((device, device.site if len(sites) > 1 else None) for device, _ in found)
    return {d.id: ", ".join(filter(None, (site, place(d)))) or None for d, site in told}


def _to_do(rated: Rated) -> tuple[str, ...]:
    return rated.finding.actions[:3] if rated.finding.verdict else ()


def _head(store: Store, question: _Question) -> Iterator[str]:
    for one in question.advisories:
        yield f"{safe(one.id)} {safe(one.title)} ({safe(one.publisher)})"
        waiting = [product for product in one.products if product.needs]
        if waiting:
            yield f"  {len(waiting)} of its products wait for a person: " + "; ".join(
                safe(f"{product.title} ({product.needs[0]})") for product in waiting[:5]
            )
    if question.vulnerability:
        yield _known(store, question)


def _known(store: Store, question: _Question) -> str:
    number = question.vulnerability or ""
    parts = []
    if attacked := store.exploited(number):
        parts.append(f"exploited, by CISA's catalogue since {attacked.added}")
    if score := store.score(number):
        parts.append(f"EPSS {score[0]:.2f}")
    if not question.advisories:
        parts.append("no imported advisory names it: whether a device is affected cannot be told")
    return f"{number}: {'; '.join(parts) or 'not in the catalogue of exploited ones'}"
