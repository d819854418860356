"""`run`, `status`: follow a sensor's logs for years, and tell how that goes."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from typing import Any

from rich.text import Text

from wardwatch.commands import CommandError, UsageError, Verb, complain, open_store, show, show_json
from wardwatch.config import Config, load
from wardwatch.outputs.elasticsearch_client import connect
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError
from wardwatch.outputs.terminal import moment, safe
from wardwatch.risk import findings, recording, risks
from wardwatch.risk.publishing import Publishing, published
from wardwatch.running import health as health_
from wardwatch.running.health import Health
from wardwatch.running.loop import Running, Step
from wardwatch.running.service import RunningError, Signals, alone, notify
from wardwatch.store import Store


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "run",
        run,
        "follow the logs that [run] names, and keep devices, risks and outputs up to date",
        "wardwatch run --config /etc/wardwatch/north.toml",
    )
    made.add_argument("--once", action="store_true", help="take what is there, then end")
    made = verb(
        "status",
        status,
        "tell how the connector, its sensors and its feeds are; 1 where something is wrong",
        "wardwatch status --json",
    )
    made.add_argument("--site", metavar="NAME", help="only this site's")
    made.add_argument("--json", action="store_true", help="one JSON object a line")


def run(options: Namespace, config: Config) -> int:
    """Follow until told to stop."""
    if not config.run.logs:
        raise UsageError('no logs to follow; write [run] logs = ["/nsm/zeek/logs"] into the config')
    try:
        with (
            open_store(options, config, must_exist=False) as store,
            alone(store.path, config.site.name),
        ):
            store.days_kept = config.store.exposure_days
            running = Running(store, config, _log, _steps(config))
            stop = _serve(config, running)
            try:
                _follow(running, options, config)
            finally:
                stop()
    except RunningError as error:
        raise CommandError(str(error)) from None
    return 0


def _steps(config: Config) -> dict[Step, float]:
    """Return what follows on new evidence, and how many seconds lie between at least."""
    decided = risks.policy_of(config.risk.policy)

    def assess(store: Store, site: str, now: float, health: Health) -> None:
        findings.read(store)
        try:
            recording.record(store, site, now, decided)
        except recording.RecordingError as error:
            _log(str(error))
        else:
            health.assessed = now

    def publish(store: Store, site: str, now: float, health: Health) -> None:
        try:
            with connect(config.elasticsearch) as client:
                work = Publishing(store, site, now, decided)
                done = [one for _, one in published(client, work, config.elasticsearch.index)]
        except ElasticsearchError as error:  # all of it is written once the server is back
            health.publish_error = str(error)
        else:
            failures = [text for one in done for text in one.failures]
            health.publish_error = "; ".join(failures[:3]) or None
            health.published = now

    found: dict[Step, float] = {assess: config.run.assess}
    return {**found, publish: config.run.publish_every} if config.run.publish else found


def _serve(config: Config, running: Running) -> Any:
    if not config.run.health:
        return lambda: None
    try:
        return health_.serve(config.run.health, lambda: running.health)
    except (OSError, ValueError) as error:
        raise CommandError(f"[run] health: {error}") from None


def _follow(running: Running, options: Namespace, config: Config) -> None:
    signals = Signals()
    notify(READY=1)
    while not signals.stop:
        more = running.cycle(signals)
        if options.once and not more:
            break
        if signals.reload:
            signals.reload = False
            notify(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
            config = load(options.config, os.environ)
            running.reload(config, _steps(config))
            notify(READY=1)
        if not more:
            signals.sleep(config.run.interval)
    notify(STOPPING=1)


def _log(text: str) -> None:
    """Write one problem as one JSON line, for whatever collects the logs of services."""
    told = {"time": moment(time.time()), "level": "warning", "message": text[:2000]}
    print(json.dumps(told), file=sys.stderr, flush=True)  # noqa: T201  the log itself


def status(options: Namespace, config: Config) -> int:
    """Tell how it is."""
    now, wrong = time.time(), False
    with open_store(options, config) as store:
        for site in [options.site] if options.site else store.sites():
            known = store.health(site)
            if known is None:
                complain(f"site {site}: `wardwatch run` never ran for it")
                wrong = True
                continue
            told = list(health_.warnings(known, now))
            wrong = wrong or bool(told)
            if options.json:
                show_json({**known, "warnings": told})
            else:
                show(Text(safe(line)) for line in _lines(known, told))
    return 1 if wrong else 0


def _lines(known: dict[str, Any], told: list[str]) -> list[str]:
    seen = ", ".join(
        f"{name} until {moment(s['last_seen'])} (loss {s['loss']:.2%})"
        for name, s in known["sensors"].items()
    )
    return [
        f"{known['site']}: {known['devices']} devices, {known['rows']} rows since "
        f"{moment(known['started'])}, last cycle {moment(known['at'])}, {known['behind']} bytes "
        f"wait, database {known['store_bytes'] / 1e6:.1f} MB",
        f"  sensors: {seen or 'none has told of itself'}",
        *(f"  ! {text}" for text in told),
    ]
