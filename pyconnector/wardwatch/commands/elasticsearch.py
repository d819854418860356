"""`elasticsearch setup|publish`: show the inventory in Elasticsearch and Kibana."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from pathlib import Path

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import Verb, complain, open_store, show
from wardwatch.config import Config
from wardwatch.outputs import elasticsearch, terminal
from wardwatch.outputs.elasticsearch_client import ElasticsearchSettings, connect


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    actions = verb.group("elasticsearch", "show the inventory in Elasticsearch and Kibana")
    for name, run, summary in (
        ("setup", setup, "put the templates and make the index"),
        ("publish", publish, "write the devices that have changed"),
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


def _server(options: Namespace, config: Config) -> ElasticsearchSettings:
    given = {key: getattr(options, key) for key in ("url", "ca_file", "api_key_file")}
    return dataclasses.replace(
        config.elasticsearch, **{key: value for key, value in given.items() if value}
    )


def setup(options: Namespace, config: Config) -> int:
    """Put templates and index."""
    settings = _server(options, config)
    with connect(settings) as client:
        elasticsearch.setup(client, settings.index)
    show([Text(f"{settings.index} is ready at {settings.url}.")])
    return 0


def publish(options: Namespace, config: Config) -> int:
    """Publish what changed, site by site."""
    settings = _server(options, config)
    failed = False
    with open_store(options, config) as store, connect(settings) as client:
        for site in [options.site] if options.site else store.sites():
            done = elasticsearch.publish(
                client, site, pipeline.inventory(store, site), settings.index
            )
            for failure in done.failures:
                complain(failure)
            failed = failed or bool(done.failures)
            show(
                [
                    Text(
                        f"{terminal.safe(site)}: wrote {done.written}, unchanged {done.unchanged}, "
                        f"deleted {done.deleted} in {settings.index}."
                    )
                ]
            )
    return 1 if failed else 0
