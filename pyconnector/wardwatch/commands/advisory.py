"""`advisory`, `findings`: which of our devices a vulnerability hits, how sure, and what to do."""

from __future__ import annotations

import re
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from wardwatch import findings as assessed
from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, complain, open_store, show, show_json
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.feed_kinds import LIMITS
from wardwatch.finding_json import finding_json, place
from wardwatch.findings import Found
from wardwatch.outputs import findings as shown
from wardwatch.outputs.terminal import safe
from wardwatch.sources import bulletins
from wardwatch.store import Store
from wardwatch_enrichment import curation
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.finding import OPEN, Finding
from wardwatch_enrichment.json_place import AdvisoryError

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
    _add_common(made)
    made = verb(
        "findings",
        findings,
        "list what is open on the devices, what can be used first",
        "wardwatch findings --json | jq 'select(.verdict == \"exploitable\")'",
    )
    made.add_argument("--device", metavar="ID", help="only of one device, with all proof")
    _add_common(made)


def _add_common(made) -> None:  # type: ignore[no-untyped-def]  # argparse's parser
    made.add_argument("--all", action="store_true", help="also what is fixed or not affected")
    made.add_argument("--site", metavar="NAME", help="only this site's devices")
    made.add_argument("--json", action="store_true", help="one JSON object a line, with all proof")


def advisory(options: Namespace, config: Config) -> int:
    """Answer for one advisory, or one by one for what a bulletin names."""
    now = time.time()
    with open_store(options, config) as store:
        sites = [options.site] if options.site else store.sites()
        questions = _questions(store, options.name)
        asked = {id(one): one for question in questions for one in question.advisories}
        found = [
            one
            for site in sites
            for one in assessed.of_advisories(store, site, asked.values(), now)
        ]
        answers = _answers(questions, _wanted(found, every=options.all))
        for question, answer in zip(questions, answers, strict=True):
            if options.json:
                _tell_json(question, answer)
            else:
                _tell(store, question, answer, sites)
        if not options.json and asked:
            _tell_blind(store, sites)
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
    for device, findings in found:
        for finding in findings:
            about[finding.vulnerability].append((device, (finding,)))
    for question in questions:
        asked = question.vulnerability
        yield list(found) if asked is None else sorted(about[asked], key=_worst)


def _wanted(found: Iterable[Found], *, every: bool) -> list[Found]:
    kept = (
        (device, tuple(f for f in findings if every or f.affected in OPEN))
        for device, findings in found
    )
    return sorted((one for one in kept if one[1]), key=_worst)


def _worst(found: Found) -> tuple[object, ...]:
    device, findings = found
    return (*assessed.order(findings[0]), device.site, device.id)


def _tell_json(question: _Question | None, found: Iterable[Found]) -> None:
    if question and not question.advisories:
        complain(f"{question.name}: no imported advisory names it; nobody can tell who is affected")
    for device, findings in found:
        for finding in findings:
            show_json(finding_json(device, finding))


def _tell(store: Store, question: _Question, found: Sequence[Found], sites: Sequence[str]) -> None:
    show([Text(line) for line in _head(store, question)])
    if found:
        show(shown.overview(found, _places(found, sites)))
        for action in dict.fromkeys(a for _, fs in found for f in fs for a in _to_do(f)):
            show([Text(f"to do: {safe(action)[:400]}")])
    elif question.advisories:
        text = "No device in the inventory is known to be affected; --all shows those that are not."
        show([Text(text)])


def _tell_blind(store: Store, sites: Iterable[str]) -> None:
    blind = sum(d.model is None for site in sites for d in store.slight_devices(site))
    if blind:
        show([Text(f"Cannot tell: {blind} devices whose model is not known.")])


def _places(found: Iterable[Found], sites: Sequence[str]) -> dict[str, str | None]:
    """Return where the devices stand; at which site, too, where there are several."""
    told = ((device, device.site if len(sites) > 1 else None) for device, _ in found)
    return {d.id: ", ".join(filter(None, (site, place(d)))) or None for d, site in told}


def _to_do(finding: Finding) -> tuple[str, ...]:
    return finding.actions[:3] if finding.verdict else ()


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


def findings(options: Namespace, config: Config) -> int:
    """List what is open, of all devices or with all proof of one."""
    now = time.time()
    with open_store(options, config) as store:
        if options.device:
            device = by_prefix(pipeline.inventory(store, options.site), options.device)
            known = [(device, assessed.of_device(store, device, now))]
            measures = {} if options.json else assessed.measures(store, *known[0], now)
        else:
            sites = [options.site] if options.site else store.sites()
            known = [one for site in sites for one in assessed.findings(store, site, now)]
    found = _wanted(known, every=options.all)
    if options.json:
        _tell_json(None, found)
    elif options.device:
        show(shown.detail((f for _, findings in found for f in findings), measures))
    else:
        show(shown.overview(found, _places(found, [*{device.site for device, _ in found}])))
    return 0
