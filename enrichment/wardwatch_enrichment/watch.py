"""Rules that watch vulnerable devices for the use of just their weaknesses. They do not block.

The file names in its head when it was made, until when it holds, and which addresses it watches for
which device, so that it can be told when it is stale. A rule keeps its sid, and its `rev` rises
only with its text.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from wardwatch_enrichment.content import data
from wardwatch_enrichment.links import by_number

SIDS = range(1_811_000, 1_900_000)  # those before are of `marks`
_RULE = re.compile(r"alert .*; metadata:[^;]*\biomt_watch (\S+?)[,;].*; sid:(\d+); rev:(\d+);\)")
_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_RETIRED = re.compile(r"# retired: (\S+) sid (\d+) rev (\d+)")
_DEVICE = re.compile(r"# device: (\S+) (\S+) (\S+)")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An entry of ``watch_rules.yaml``; the file's head says what each key means."""

    name: str
    cves: Mapping[str, str]
    message: str
    head: str
    match: str
    classtype: str
    severity: str
    sees: str
    preference: float
    source: str
    example: Mapping[str, Any]
    silent: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A device and a weakness that it has; `peers` is whom it is to talk to, where known."""

    device: str
    cve: str
    addresses: tuple[str, ...]
    peers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """The number of a rule in an earlier file; `text` is empty where it was retired since."""

    sid: int
    rev: int
    text: str = ""


@dataclass(slots=True)
class RuleFile:
    """What a file of watch rules says of itself: times are seconds, UTC."""

    expires: float = 0.0
    devices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rules: dict[str, Numbered] = field(default_factory=dict)


@cache
def templates() -> tuple[Template, ...]:
    """Return every template, by name."""
    entries = data("watch_rules.yaml")["rules"]
    return tuple(Template(name=name, **entries[name]) for name in sorted(entries))


def read(text: str) -> RuleFile:
    """Read a file of an earlier build; raises `ValueError` for one that is none."""
    found = RuleFile()
    expires = re.search(r"^# expires: (\S+)$", text, re.MULTILINE)
    if not expires:
        raise ValueError("is no file of `wardwatch rules build`: it says nowhere when it expires")
    found.expires = datetime.strptime(expires[1], _TIME).replace(tzinfo=UTC).timestamp()
    for line in text.splitlines():
        if rule := _RULE.fullmatch(line):
            found.rules[rule[1]] = Numbered(sid=int(rule[2]), rev=int(rule[3]), text=_bare(line))
        elif retired := _RETIRED.fullmatch(line):
            found.rules[retired[1]] = Numbered(sid=int(retired[2]), rev=int(retired[3]))
        elif device := _DEVICE.fullmatch(line):
            found.devices[device[1]] = tuple(device[3].split(","))
    return found


def stale(file: RuleFile, now: float, addresses: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return why a file no longer watches what it should; `addresses` are the devices' own now."""
    wrong = []
    if now >= file.expires:
        wrong.append(f"it expired at {_iso(file.expires)}")
    for device, watched in file.devices.items():
        if device not in addresses:
            wrong.append(f"device {device} is no longer in the inventory")
        elif set(watched) != set(addresses[device]):
            has = ",".join(addresses[device]) or "none"
            wrong.append(f"device {device} has other addresses now: {has}")
    return wrong


def is_watched(vulnerability: str, verdict: str | None) -> bool:
    """Tell whether a finding is worth watching: it can be used on its device, or perhaps can."""
    return verdict in ("exploitable", "potential") and bool(_CVE.fullmatch(vulnerability))


def unwatched(pairs: Iterable[Pair]) -> list[tuple[Pair, str]]:
    """Return the pairs that get no rule, each with the reason."""
    found = []
    for pair in pairs:
        known = [template for template in templates() if pair.cve in template.cves]
        if not pair.addresses:
            found.append((pair, "the device has no address of its own"))
        elif not known:
            found.append((pair, "no template is known for this weakness"))
        elif not pair.peers and all("{peers}" in template.head for template in known):
            found.append((pair, "its rule needs a list of peers"))
    return found


def build(pairs: Iterable[Pair], previous: RuleFile, made: float, valid_days: int) -> str:
    """Return the file; the same pairs, time and earlier file give the same text."""
    pairs = sorted(pairs, key=lambda pair: (pair.device, pair.cve))
    texts = dict(_texts(pairs))
    numbers = _numbers(texts, previous)
    lines = [
        "# Watch rules of Wardwatch, by `wardwatch rules build`: they see, they do not block.",
        "# Each watches the devices that have a weakness for the use of just that weakness.",
        *dated(made, valid_days),
        *_devices(pairs),
        *(f"# no rule: {pair.device} {pair.cve}: {why}" for pair, why in unwatched(pairs)),
        *(
            f"# retired: {key} sid {old.sid} rev {old.rev}"
            for key, old in sorted(previous.rules.items())
            if key not in texts
        ),
    ]
    for key, (sees, text) in sorted(texts.items()):
        number = numbers[key]
        lines += ["", f"# {sees}", f"{text} sid:{number.sid}; rev:{number.rev};)"]
    return "\n".join(lines) + "\n"


def dated(made: float, valid_days: int) -> list[str]:
    """Return the lines of a file's head that say when it was made, and until when it holds."""
    return [f"# made: {_iso(made)}", f"# expires: {_iso(made + valid_days * 86_400)}"]


def _devices(pairs: Iterable[Pair]) -> list[str]:
    cves: defaultdict[str, list[str]] = defaultdict(list)
    addresses = {}
    missing = {(pair.device, pair.cve) for pair, _ in unwatched(pairs)}
    for pair in pairs:
        if (pair.device, pair.cve) not in missing:
            cves[pair.device].append(pair.cve)
            addresses[pair.device] = sorted(pair.addresses, key=by_number)
    return [f"# device: {d} {','.join(cves[d])} {','.join(addresses[d])}" for d in sorted(cves)]


def _texts(pairs: list[Pair]) -> Iterable[tuple[str, tuple[str, str]]]:
    """Yield key, explanation and text without number of each rule."""
    for template in templates():
        watched = [pair for pair in pairs if pair.cve in template.cves and pair.addresses]
        if "{peers}" not in template.head:
            yield from _rule(template, template.name, watched, ())
            continue
        by_peers: defaultdict[tuple[str, ...], list[Pair]] = defaultdict(list)
        for pair in watched:
            if pair.peers:
                by_peers[tuple(sorted(pair.peers))].append(pair)
        for peers, those in sorted(by_peers.items()):
            digest = hashlib.sha256(",".join(peers).encode()).hexdigest()[:8]
            yield from _rule(template, f"{template.name}.{digest}", those, peers)


def _rule(
    template: Template, key: str, pairs: list[Pair], peers: tuple[str, ...]
) -> Iterable[tuple[str, tuple[str, str]]]:
    if not pairs:
        return
    addresses = sorted({a for pair in pairs for a in pair.addresses}, key=by_number)
    cves = sorted({pair.cve for pair in pairs})
    urls = sorted({template.cves[cve] for cve in cves})
    head = template.head.format(addresses=_group(addresses), peers=_group(peers))
    options = [
        f'msg:"WARDWATCH watch: {template.message}";',
        template.match,
        "threshold:type limit, track by_both, count 1, seconds 3600;",
        f"classtype:{template.classtype};",
        *(f"reference:cve,{cve.removeprefix('CVE-')};" for cve in cves),
        *(f"reference:url,{url};" for url in urls),
        f"metadata:iomt_watch {key}, attack_target IoMT, signature_severity {template.severity},",
        ", ".join(f"cve {cve.replace('-', '_')}" for cve in cves) + ";",
    ]
    yield key, (template.sees, f"alert {head} ({' '.join(filter(None, options))}")


def _group(addresses: Iterable[str]) -> str:
    return "[" + ",".join(addresses) + "]"


def _numbers(texts: Mapping[str, tuple[str, str]], previous: RuleFile) -> dict[str, Numbered]:
    """Give each rule its number: the one that it had, else one that its key leads to."""
    taken = {old.sid for old in previous.rules.values()}
    numbers = {}
    for key, (_, text) in sorted(texts.items()):
        if old := previous.rules.get(key):
            numbers[key] = Numbered(sid=old.sid, rev=old.rev + (old.text != text))
            continue
        at = int(hashlib.sha256(key.encode()).hexdigest(), 16) % len(SIDS)
        while SIDS[at] in taken:
            at = (at + 1) % len(SIDS)
        taken.add(SIDS[at])
        numbers[key] = Numbered(sid=SIDS[at], rev=1)
    return numbers


def _bare(rule: str) -> str:
    """Return a rule without its number."""
    return re.sub(r" sid:\d+; rev:\d+;\)$", "", rule)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(_TIME)
