"""`run`: follow a sensor's logs for years."""

from __future__ import annotations

import os
import sqlite3
import time
from argparse import Namespace
from dataclasses import replace
from typing import Any

from wardwatch.commands import CommandError, UsageError, Verb, open_store
from wardwatch.config import Config, ConfigError, load
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError
from wardwatch.risk import risks
from wardwatch.running import log, metrics
from wardwatch.running.assess import Assess
from wardwatch.running.daily import FORGET_EVERY, Forget
from wardwatch.running.loop import Running, Step
from wardwatch.running.publisher import Publisher
from wardwatch.running.service import RunningError, Signals, Stopped, alone, notify
from wardwatch.sources.zeek_websocket import LiveError
from wardwatch.store import StoreError
from wardwatch_enrichment.fingerprint import FingerprintError

_EXPECTED = (
    CommandError, ElasticsearchError, FingerprintError, LiveError, risks.PolicyFileError,
    RunningError, StoreError, OSError, sqlite3.Error,
)  # fmt: skip


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "run",
        run,
        "follow the logs that [run] names, and keep devices, risks and outputs up to date",
        "wardwatch run --config /etc/wardwatch/north.toml",
    )
    made.add_argument("--once", action="store_true", help="take what is there, then end")


def run(options: Namespace, config: Config) -> int:
    """Follow until told to stop."""
    if options.once:
        config = replace(config, run=replace(config.run, live=None))
    if not _sources(config):
        raise UsageError('no logs to follow; write [run] logs = ["/nsm/zeek/logs"] into the config')
    log.start(config.site.name)
    try:
        _run(options, config)
    except Stopped:
        log.event("stop", "broken off in the midst of work, which is done again at the next start")
    except sqlite3.Error as error:
        database = options.db or config.store.file
        log.failure(f"{database}: {error}; check its disk, and that there is room on it")
        return 1
    except _EXPECTED as error:
        log.failure(str(error))
        return 1
    except Exception as error:  # its text may quote what came from the wire
        log.failure(log.place(error))
        return 1
    return 0


def _run(options: Namespace, config: Config) -> None:
    with (
        open_store(options, config, must_exist=False) as store,
        alone(store.path, config.site.name),
    ):
        store.days_kept = config.store.exposure_days
        running = Running(store, config, log.problem, _steps(config))
        stop = _serve(config, running)
        try:
            _follow(running, options, config)
            if options.once:
                running.finish()
        finally:
            running.close()
            stop()


def _steps(config: Config) -> dict[Step, float]:
    """Return what follows on new evidence, and how many seconds lie between at least."""
    decided = risks.policy_of(config.risk.policy)

    found: dict[Step, float] = {
        Forget(config.retention, config.store.exposure_days): FORGET_EVERY,
        Assess(decided, log.problem): config.run.assess,
    }
    if config.run.publish:
        found[Publisher(config.elasticsearch, decided)] = config.run.publish_every
    return found


def _serve(config: Config, running: Running) -> Any:
    if not config.run.health:
        return lambda: None
    try:
        return metrics.serve(config.run.health, lambda: running.health)
    except (OSError, ValueError) as error:
        raise CommandError(f"[run] health: {error}") from None


def _follow(running: Running, options: Namespace, config: Config) -> None:
    signals, journal = Signals(), log.Journal()
    database = options.db or config.store.file
    log.event("start", f"following {_sources(config)} into {database}")
    notify(READY=1)
    while not signals.stop:
        more = running.cycle(signals)
        journal.cycle(running.health)
        if options.once and not more:
            break
        if signals.reload:
            signals.reload = False
            config = _reload(running, options, config)
        if not more:
            signals.sleep(config.run.interval, lambda: running.has_news)
    notify(STOPPING=1)
    signals.done()
    why = "stopped as told" if signals.stop else "took what was there"
    log.event("stop", f"{why}; {running.health.rows} rows in all")


def _sources(config: Config) -> str:
    run = config.run
    return ", ".join([*run.logs, *run.elasticsearch, *filter(None, [run.live])])


def _reload(running: Running, options: Namespace, config: Config) -> Config:
    """Return the settings in force from now on: the new ones, or the old where those are wrong."""
    notify(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
    try:
        new = load(options.config, os.environ)
        if (new.site.name, new.store, new.run.health) != (
            config.site.name, config.store, config.run.health
        ):  # fmt: skip
            raise ConfigError("site.name, [store] and run.health can only change with a restart")
        if not _sources(new):
            raise ConfigError("[run] logs is empty")
        running.reload(new, _steps(new))
    except (ConfigError, *_EXPECTED) as error:
        log.refusal(f"the settings of before stay in force: {error}")
        new = config
    else:
        log.event("reload", f"new settings are in force; following {_sources(new)}")
    notify(READY=1)
    return new
