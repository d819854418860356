"""`elasticsearch setup|publish`: show devices and findings in Elasticsearch and Kibana."""

from __future__ import annotations

import dataclasses
import time
from argparse import Namespace
from pathlib import Path

from rich.text import Text

from wardwatch.commands import Verb, complain, enter, show, writable
from wardwatch.config import Config
from wardwatch.outputs import elasticsearch, terminal
from wardwatch.outputs.elasticsearch_bulk import PublishResult
from wardwatch.outputs.elasticsearch_client import connect
from wardwatch.outputs.elasticsearch_settings import ElasticsearchSettings
from wardwatch.risk import risks
from wardwatch.risk.publishing import Publishing
from wardwatch.running.publish import Publish


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    actions = verb.group("elasticsearch", "show devices and findings in Elasticsearch and Kibana")
    for name, run, summary in (
        ("setup", setup, "put the templates and make the indices"),
        ("publish", publish, "write the findings and devices that have changed"),
    ):
        made = actions(
            name,
            run,
            summary,
            f"wardwatch elasticsearch {name} --url https://localhost:9200",
        )
        made.add_argument(
            "--url", metavar="URL", help="server, or several of a cluster with commas"
        )
        made.add_argument(
            "--ca-file", type=Path, metavar="FILE", help="PEM of the authority to trust"
        )
        made.add_argument("--api-key-file", type=Path, metavar="FILE", help="file with the API key")
        if name == "publish":
            made.add_argument("--site", metavar="NAME", help="only this site's")
            made.add_argument(
                "--all", action="store_true", help="compare every document with the server's"
            )


def _server(options: Namespace, config: Config) -> ElasticsearchSettings:
    given = {key: getattr(options, key) for key in ("url", "ca_file", "api_key_file")}
    return dataclasses.replace(
        config.elasticsearch, **{key: value for key, value in given.items() if value}
    )


def setup(options: Namespace, config: Config) -> int:
    """Put templates and indices."""
    settings = _server(options, config)
    with connect(settings) as client:
        elasticsearch.setup(client, settings.index, settings.lifecycle_policy)
    both = f"{settings.index} and {elasticsearch.findings_index(settings.index)}"
    show([Text(f"{both} are ready at {settings.url}.")])
    return 0


def publish(options: Namespace, config: Config) -> int:
    """Publish what changed, site by site: findings, devices with their risk, what happened."""
    settings, now = _server(options, config), time.time()
    decided = risks.policy_of(config.risk.policy)
    failed = False
    with writable(options, config) as store, connect(settings) as client:
        for site in [options.site] if options.site else store.sites():
            made = Publish(client, Publishing(store, site, now, decided), settings.index)
            made.all(whole=options.all, evidence=True)
            for failure in made.failures:
                complain(failure)
            failed = failed or bool(made.failures)
            for index, done in made.done.items():
                show([Text(f"{terminal.safe(site)}: {_told(done)} in {index}.")])
    told = f"devices and findings to {settings.index}"
    enter(options, config, "elasticsearch publish", told, daily=True)
    return 1 if failed else 0


def _told(done: PublishResult) -> str:
    parts = [f"wrote {done.written}", f"unchanged {done.unchanged}"]
    parts += [f"closed {done.closed}"] if done.closed else []
    parts += [f"deleted {done.deleted}"] if done.deleted else []
    return ", ".join(parts)
