"""`rules build`, `marks`, `check`: let the sensor watch devices by what the inventory knows."""

from __future__ import annotations

import csv
import re
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, complain, enter, open_store, show
from wardwatch.config import Config
from wardwatch.outputs import files, terminal
from wardwatch.risk import findings
from wardwatch.store import Store
from wardwatch_enrichment import marks, watch
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.watch import Pair, RuleFile

_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_KEYS = {"device", "cve", "peers"}
NAMED = 20  # findings without a rule that are told; the file names all


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    group = verb.group("rules", "write Suricata rules that watch vulnerable devices")
    made = group(
        "build",
        build,
        "write rules that watch just the vulnerable devices for the use of their weaknesses",
        "wardwatch rules build --out watch.rules",
    )
    made.add_argument(
        "--pairs",
        type=Path,
        metavar="FILE",
        help="CSV or YAML: device (its id, how that begins, or an address), cve, and peers; "
        "default: what `wardwatch findings` says can be used, or perhaps can",
    )
    made.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="where to; an earlier one is read for the numbers of its rules",
    )
    _last_options(made)
    made = group(
        "marks",
        mark,
        "write rules that mark the medical devices of the inventory, for threat-services.rules",
        "wardwatch rules marks --out marks.rules",
    )
    made.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="where to; an earlier one is read for the versions of its rules",
    )
    _last_options(made)
    made = group(
        "check",
        check,
        "say whether such a file is stale: expired, or an address of a device changed",
        "wardwatch rules check watch.rules",
    )
    made.add_argument("file", type=Path, metavar="FILE", help="made by `rules build` or `marks`")
    made.add_argument("--site", metavar="NAME", help="only this site's devices")


def _last_options(made: ArgumentParser) -> None:
    made.add_argument(
        "--valid-days", type=int, default=30, metavar="N", help="until it is stale (default: 30)"
    )
    made.add_argument("--site", metavar="NAME", help="only this site's devices")


def _inventory(options: Namespace, config: Config) -> list[Device]:
    """Return the devices that rules are written of."""
    if options.valid_days < 1:
        raise CommandError("--valid-days: give at least 1")
    with open_store(options, config) as store:
        return list(pipeline.inventory(store, options.site))


def build(options: Namespace, config: Config) -> int:
    """Write the rules."""
    if options.pairs:
        pairs = _pairs(options.pairs, _inventory(options, config))
    else:
        if options.valid_days < 1:
            raise CommandError("--valid-days: give at least 1")
        with open_store(options, config) as store:
            sites = [options.site] if options.site else store.sites()
            pairs = _open(store, sites, time.time())
    earlier = RuleFile()
    if options.out.exists():
        if _marks(options.out):
            raise CommandError(f"{options.out}: is a file of `wardwatch rules marks`; name another")
        earlier = _earlier(options.out)
    text = watch.build(pairs, earlier, time.time(), options.valid_days)
    files.replace(options.out, text)
    without = watch.unwatched(pairs)
    for pair, why in without[:NAMED]:
        show([Text(f"no rule: {pair.device[:8]} {pair.cve}: {why}")])
    if len(without) > NAMED:
        show([Text(f"no rule for {len(without) - NAMED} more; {options.out} names them")])
    rules = sum(line.startswith("alert ") for line in text.splitlines())
    show([Text(f"Wrote {options.out}: {rules} rules for {len(pairs) - len(without)} pairs.")])
    enter(options, config, "rules build", f"watch rules to {options.out}", daily=True)
    return 0


def renew(store: Store, config: Config) -> str | None:
    """Write the watch rules of the settings anew, from the findings, where they are stale.

    Returns what was done, in words; None for nothing.
    """
    path, now = config.rules.watch, time.time()
    if path is None:
        return None
    earlier = _earlier(path) if path.exists() else RuleFile()
    known = {d.id: d.ips for site in store.sites() for d in store.slight_devices(site)}
    why = watch.stale(earlier, now, known) if path.exists() else ["it was not there"]
    if not why:
        return None
    pairs = _open(store, store.sites(), now)
    files.replace(path, watch.build(pairs, earlier, now, config.rules.valid_days))
    return f"Wrote {path} anew: {why[0]}."


def _open(store: Store, sites: Iterable[str], now: float) -> list[Pair]:
    """Return the findings that can be used on their devices, or perhaps can."""
    return [
        Pair(device=device.id, cve=finding.vulnerability, addresses=device.ips)
        for site in sites
        for device, known in findings.findings(store, site, now)
        for finding in known
        if watch.is_watched(finding.vulnerability, finding.verdict)
    ]


def mark(options: Namespace, config: Config) -> int:
    """Write the rules that mark the medical devices."""
    devices = _inventory(options, config)
    own = _medical(devices)
    earlier = ""
    if options.out.exists():
        if not _marks(options.out):
            raise CommandError(f"{options.out}: is no file of `wardwatch rules marks`")
        earlier = options.out.read_text(encoding="utf-8")
    try:
        text = marks.build(own, earlier, time.time(), options.valid_days)
    except ValueError as error:
        raise CommandError(f"{error}; give --site, or mark networks by hand") from None
    files.replace(options.out, text)
    addresses = len({ip for ips in own.values() for ip in ips})
    show([Text(f"Wrote {options.out}: {len(own)} medical devices, {addresses} addresses.")])
    return 0


def check(options: Namespace, config: Config) -> int:
    """Say whether a file is stale."""
    file = _earlier(options.file)
    with open_store(options, config) as store:
        devices = list(pipeline.inventory(store, options.site))
    wrong = watch.stale(file, time.time(), {d.id: d.ips for d in devices})
    verb, does = "build", "watches"
    if _marks(options.file):
        verb, does = "marks", "marks"
        wrong += marks.unmarked(file, _medical(devices))
    for reason in wrong:
        complain(f"{options.file}: stale: {reason}; run `wardwatch rules {verb}` again")
    if not wrong:
        show([Text(f"{options.file}: {does} {len(file.devices)} devices where they are now.")])
    return 1 if wrong else 0


def _medical(devices: Iterable[Device]) -> dict[str, tuple[str, ...]]:
    """Return the addresses of the medical devices that have some."""
    return {d.id: d.ips for d in devices if d.device_class == "medical" and d.ips}


def _marks(path: Path) -> bool:
    with path.open("rb") as text:
        return text.readline().startswith(marks.HEAD.encode())


def _earlier(path: Path) -> RuleFile:
    try:
        return watch.read(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}") from None


def _pairs(path: Path, devices: Iterable[Device]) -> list[Pair]:
    """Return the pairs of a file; all of them, or say everything that is wrong."""
    known = list(devices)
    found: dict[tuple[str, str], Pair] = {}
    wrong = []
    for number, row in enumerate(_rows(path), 1):
        try:
            pair = _pair(row, known)
        except ValueError as error:
            wrong.append(f"{path}: pair {number}: {error}")
        else:
            found[pair.device, pair.cve] = pair
    if wrong:
        raise CommandError(
            "\n".join(wrong[:20]) + f"\n{len(wrong)} pairs are wrong; nothing was written"
        )
    return list(found.values())


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        if path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as text:
                return list(csv.DictReader(text))
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, csv.Error, yaml.YAMLError) as error:
        raise CommandError(f"{path}: cannot be read as CSV or YAML: {error}") from error
    rows = rows.get("pairs") if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CommandError(f"{path}: is no list of pairs; write - {{device: 3f0c91aa, cve: …}}")
    return rows


def _pair(row: dict[str, Any], devices: list[Device]) -> Pair:
    if unknown := {str(key) for key in row if key not in _KEYS}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known are device, cve, peers")
    cve = str(row.get("cve") or "").strip().upper()
    if not _CVE.fullmatch(cve):
        raise ValueError(f"{terminal.safe(cve)!r} is no CVE; write it as CVE-2019-12255")
    name = str(row.get("device") or "").strip()
    found = [d for d in devices if name and (d.id.startswith(name) or name in d.ips)]
    if len(found) != 1:
        several = "several devices are" if found else "no device is"
        raise ValueError(f"{several} {terminal.safe(name)!r}; `wardwatch devices` lists them")
    peers = row.get("peers") or []
    peers = re.split(r"[\s,;]+", peers.strip()) if isinstance(peers, str) else peers
    return Pair(
        device=found[0].id,
        cve=cve,
        addresses=tuple(str(ip_address(ip)) for ip in found[0].ips),
        peers=tuple(str(ip_network(str(peer))) for peer in peers),
    )
