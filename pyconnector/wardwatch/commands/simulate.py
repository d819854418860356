"""`simulate`: what would become of scores, labels and flows if something were done."""

from __future__ import annotations

import time
from argparse import Namespace

from wardwatch import pipeline
from wardwatch.commands import (
    CommandError,
    UsageError,
    Verb,
    complain,
    open_store,
    show,
    show_json,
)
from wardwatch.config import Config
from wardwatch.outputs import simulation as shown
from wardwatch.risk import risks
from wardwatch.risk.simulate import Bench
from wardwatch_enrichment.risk import actions, selection

_EXAMPLES = (
    "wardwatch simulate block tcp/21,tcp/23 --model 'SIGMA Spectrum'\n"
    "  wardwatch simulate move isolated patch 9.5 --ward 'ward 4' --type 'infusion pump'\n"
    "  wardwatch simulate patch CVE-2020-12045 --site north --json\n"
    "  wardwatch simulate replace --model 'Aestiva 7100'\n"
    "actions, one or more, all done together:\n"
    "  block PORTS|internet    nobody reaches these ports; it no longer reaches the internet\n"
    "  allow PORTS             only listed peers reach these ports\n"
    "  move ZONE               isolated, allowlisted, clinical, enterprise or guest\n"
    "  patch VERSION|CVE,...   it has this version; these vulnerabilities are mended\n"
    "  watch PORTS             a sensor's rule tells of calls there, which prevents none\n"
    "  replace                 it is gone; nothing is known of what comes in its place"
)


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "simulate",
        simulate,
        "tell what scores and labels would become if something were done, and what it would cut",
        _EXAMPLES,
    )
    made.add_argument("actions", nargs="+", metavar="ACTION", help="what is done; see below")
    for key in selection.KEYS:
        made.add_argument(
            f"--{key}",
            action="append",
            metavar="ID" if key == "device" else key.upper(),
            help=_HELP.get(key, f"devices of this {key}; may be repeated"),
        )
    made.add_argument("--json", action="store_true", help="one finding a line, then the sum")


_HELP = {
    "device": "this device: id, address, name or serial number, or how it begins",
    "subnet": "devices of this subnet: its name in the plan, or its network",
    "model": "devices of this model, with or without its manufacturer",
}


def simulate(options: Namespace, config: Config) -> int:
    """Judge a group of devices as if something were done, and print what that changes."""
    try:
        what = actions.parsed(options.actions)
    except actions.ActionError as error:
        raise UsageError(str(error)) from None
    wanted = {key: getattr(options, key) or [] for key in selection.KEYS}
    options.site = None  # a group like any other here
    now, decided = time.time(), risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        try:
            devices = selection.chosen(pipeline.inventory(store), wanted)
        except selection.SelectionError as error:
            wrong = CommandError if any(wanted.values()) else UsageError
            raise wrong(str(error)) from None
        found = [
            one
            for site in sorted({device.site for device in devices})
            for one in Bench(store, site, now, decided).simulated(
                (device.id for device in devices if device.site == site), what
            )
        ]
    here = {effect.before.finding.vulnerability for one in found for effect in one.effects}
    for absent in sorted(what.fixed - here):
        complain(f"{absent}: none of these devices has a finding of it")
    if options.json:
        for document in shown.documents(found, actions.words(what)):
            show_json(document)
    else:
        show(shown.shown(found, actions.words(what)))
    return 0
