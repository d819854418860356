"""`securityonion plan|install|verify|uninstall`: put into a Security Onion, and taken out again."""

from __future__ import annotations

import re
from argparse import Namespace
from itertools import groupby
from pathlib import Path

from rich.text import Text

from wardwatch.commands import CommandError, UsageError, Verb, complain, show, show_json
from wardwatch.config import Config
from wardwatch.outputs.terminal import safe
from wardwatch.securityonion import SecurityOnionError
from wardwatch.securityonion.install import ON_SITE, PARTS, Install, Wanted
from wardwatch.securityonion.machine import Machine

LISTED = 12  # things that stand alike and are told one by one
_SITE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_STYLES = {"ok": "green", "missing": "red", "changed": "red", "unknown": "yellow"}


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    actions = verb.group("securityonion", "put all of it into a Security Onion, and take it out")
    for name, run, summary in (
        ("plan", plan, "tell every file, setting and call of an install; nothing is changed"),
        ("install", install, "carry out the plan; what is there already stays as it is"),
        ("verify", verify, "check everything that was installed, as after each soup"),
        ("uninstall", uninstall, "take out everything that was installed"),
    ):
        made = actions(name, run, summary, f"wardwatch securityonion {name} --site north")
        made.add_argument(
            "--site", metavar="NAME", help="the site (default: the one installed, else default)"
        )
        made.add_argument("--without", action="append", choices=PARTS, help="leave out a part")
        made.add_argument(
            "--root",
            type=Path,
            default=Path("/"),
            metavar="DIRECTORY",
            help="a copy of a manager's files to work on instead",
        )
        if name in ("plan", "verify"):
            made.add_argument("--json", action="store_true", help="one object a line")
        if name in ("install", "uninstall"):
            made.add_argument(
                "--patience",
                type=int,
                default=300,
                metavar="SECONDS",
                help="how long sensors may take to start Zeek again (default: 300)",
            )


def _made(options: Namespace, config: Config) -> Install:
    if options.site and not _SITE.fullmatch(options.site):
        raise UsageError(f"--site {options.site}: write small letters, digits and _, as in north")
    if not options.root.is_dir():
        raise CommandError(f"{options.root}: is no directory")
    wanted = Wanted(
        site=options.site,
        index=config.elasticsearch.index,
        policy=config.elasticsearch.lifecycle_policy or "",
        report=config.kibana.report,
        without=tuple(options.without) if options.without else None,
        patience=getattr(options, "patience", 300),
    )
    try:
        return Install(Machine(options.root.resolve()), wanted)
    except SecurityOnionError as error:
        raise CommandError(str(error)) from None


def _say(line: str, style: str = "") -> None:
    show(Text(safe(part), style) for part in line.splitlines())


def plan(options: Namespace, config: Config) -> int:
    """Tell everything that would be done, and what forbids it."""
    made = _made(options, config)
    obstacles = made.obstacles()
    acts = [] if made.grid.doubts else list(made.plan())
    if options.json:
        for step, act in acts:
            show_json({"step": step.name, "kind": act.kind, "what": act.what})
        for one in obstacles:
            show_json({"step": None, "kind": "obstacle", "what": one})
        return 1 if obstacles else 0
    _say(made.grid.told)
    title = ""
    for step, act in acts:
        if step.title != title:
            _say(f"\n{step.title}", "bold")
            title = step.title
        _say(f"  {act.kind:8}{act.what}")
    if not made.grid.doubts:
        _say("\n" + "\n".join(f"Left out: {one}." for one in made.left_out()))
    for one in obstacles:
        complain(one)
    _say("It cannot be installed so; nothing was changed." if obstacles else "Nothing was changed.")
    return 1 if obstacles else 0


def install(options: Namespace, config: Config) -> int:
    """Carry it out."""
    made = _made(options, config)
    _say(made.grid.told)
    wrong = made.install(_say)
    for one in wrong:
        complain(one)
    if not wrong:
        _say("Installed. Run `wardwatch securityonion verify` now and after each soup.")
    return 1 if wrong else 0


def verify(options: Namespace, config: Config) -> int:
    """Tell how each thing stands, with the remedy; and what only somebody on site can see."""
    made = _made(options, config)
    standings = list(made.verify())
    if options.json:
        for word, what, remedy in standings:
            show_json({"standing": word, "what": what, "remedy": remedy or None})
    else:
        _say(made.grid.told)
        for (word, remedy), alike in groupby(standings, lambda one: (one.word, one.remedy)):
            names = [one.what for one in alike]
            few = word == "ok" or len(names) <= LISTED
            shown = names if few else [*names[:2], f"and {len(names) - 2} more"]
            for what in shown:
                _say(f"{word:8} {what}" + (f": {remedy}" if remedy else ""), _STYLES[word])
        _say("\nOnly you can see:\n" + "\n".join(f"  {one}" for one in ON_SITE))
    return 0 if all(one.word == "ok" for one in standings) else 1


def uninstall(options: Namespace, config: Config) -> int:
    """Take it out."""
    made = _made(options, config)
    if not made.journal.steps:
        _say("Nothing is installed.")
        return 0
    left = made.uninstall(_say)
    for one in left:
        complain(one)
    _say("Not all could be removed; mend that and run this again." if left else "All is removed.")
    return 1 if left else 0
