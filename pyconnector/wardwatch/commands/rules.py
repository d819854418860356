"""`rules build`, `rules check`: let the sensor watch the devices that are vulnerable."""

from __future__ import annotations

import csv
import re
import time
from argparse import Namespace
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, complain, open_store, show
from wardwatch.config import Config
from wardwatch.outputs import terminal
from wardwatch_enrichment import watch
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.watch import Pair, RuleFile

_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_KEYS = {"device", "cve", "peers"}


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    group = verb.group("rules", "write Suricata rules that watch vulnerable devices")
    made = group(
        "build",
        build,
        "write rules that watch just the vulnerable devices for the use of their weaknesses",
        "wardwatch rules build --pairs pairs.csv --out watch.rules",
    )
    made.add_argument(
        "--pairs",
        required=True,
        type=Path,
        metavar="FILE",
        help="CSV or YAML: device (its id, how that begins, or an address), cve, and peers",
    )
    made.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="where to; an earlier one is read for the numbers of its rules",
    )
    made.add_argument(
        "--valid-days", type=int, default=30, metavar="N", help="until it is stale (default: 30)"
    )
    made.add_argument("--site", metavar="NAME", help="only this site's devices")
    made = group(
        "check",
        check,
        "say whether such a file is stale: expired, or an address of a device changed",
        "wardwatch rules check watch.rules",
    )
    made.add_argument("file", type=Path, metavar="FILE", help="made by `wardwatch rules build`")
    made.add_argument("--site", metavar="NAME", help="only this site's devices")


def build(options: Namespace, config: Config) -> int:
    """Write the rules."""
    if options.valid_days < 1:
        raise CommandError("--valid-days: give at least 1")
    with open_store(options, config) as store:
        devices = pipeline.inventory(store, options.site)
    pairs = _pairs(options.pairs, devices)
    earlier = _earlier(options.out) if options.out.exists() else RuleFile()
    text = watch.build(pairs, earlier, time.time(), options.valid_days)
    temporary = options.out.with_name(f".{options.out.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(options.out)  # Suricata never reads half of it
    without = watch.unwatched(pairs)
    for pair, why in without:
        show([Text(f"no rule: {pair.device[:8]} {pair.cve}: {why}")])
    rules = sum(line.startswith("alert ") for line in text.splitlines())
    show([Text(f"Wrote {options.out}: {rules} rules for {len(pairs) - len(without)} pairs.")])
    return 0


def check(options: Namespace, config: Config) -> int:
    """Say whether a file is stale."""
    file = _earlier(options.file)
    with open_store(options, config) as store:
        known = {d.id: d.ips for d in pipeline.inventory(store, options.site)}
    wrong = watch.stale(file, time.time(), known)
    for reason in wrong:
        complain(f"{options.file}: stale: {reason}; run `wardwatch rules build` again")
    if not wrong:
        show([Text(f"{options.file}: watches {len(file.devices)} devices where they are now.")])
    return 1 if wrong else 0


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
