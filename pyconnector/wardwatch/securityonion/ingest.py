"""Step: the ingest pipelines, without which Elasticsearch drops our logs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from wardwatch.outputs.elasticsearch_client import explained
from wardwatch.securityonion import elastic
from wardwatch.securityonion.grid import DEFAULT, LOCAL
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.step import AGAIN, Act, Files, Standing

INGEST = "salt/elasticsearch/files/ingest"
OURS = "(Wardwatch)"  # stands in the description of each of our pipelines


def pipelines() -> dict[str, bytes]:
    """Return the ingest pipelines by their names."""
    found = (files("wardwatch.securityonion") / "pipelines").iterdir()
    return {f.name: f.read_bytes() for f in sorted(found, key=lambda f: f.name) if _log(f.name)}


def _log(name: str) -> bool:
    return name.startswith("zeek.")


class Pipelines(Files):
    """Ingest pipelines: by the API at once, and as files, by which Salt puts them again."""

    name, title = "pipelines", "ingest pipelines"

    def __init__(self, machine: Machine, journal: Journal, client: Elasticsearch) -> None:
        super().__init__(machine, journal)
        self.client = client

    def content(self) -> Mapping[str, bytes]:
        """Return the files: Security Onion names a pipeline like its file."""
        return {f"{LOCAL}/{INGEST}/{name}": content for name, content in pipelines().items()}

    def acts(self) -> Iterator[Act]:
        """Tell files and calls."""
        yield from super().acts()
        for name in pipelines():
            yield Act("call", f"PUT _ingest/pipeline/{name}")

    def obstacles(self) -> Iterator[str]:
        """Tell pipelines of others, also such as a newer Security Onion brings along."""
        yield from super().obstacles()
        with explained(self.client, "the pipelines"):
            for name in pipelines():
                if self.machine.read(f"{DEFAULT}/{INGEST}/{name}") is not None:
                    yield f"{name}: this Security Onion has a pipeline of this name itself"
                found = self._put(name)
                if found is not None and OURS not in str(found.get("description")):
                    yield f"_ingest/pipeline/{name}: somebody else has one; rename it"

    def standings(self) -> Iterator[Standing]:
        """Compare files and pipelines."""
        yield from super().standings()
        with explained(self.client, "the pipelines"):
            for name, content in pipelines().items():
                found, what = self._put(name), f"_ingest/pipeline/{name}"
                if found is None:
                    remedy = f"{AGAIN}; without it Elasticsearch drops this log"
                    yield Standing("missing", what, remedy)
                elif elastic.within(json.loads(content), found):
                    yield Standing("ok", what)
                else:
                    yield Standing("changed", what, AGAIN)

    def do(self) -> None:
        """Write the files and put the pipelines."""
        self.note(pipelines=list(pipelines()))
        super().do()
        with explained(self.client, "the pipelines"):
            for name, content in pipelines().items():
                self.client.ingest.put_pipeline(id=name, body=json.loads(content))

    def undo(self) -> Iterator[str]:
        """Remove both."""
        yield from super().undo()
        with explained(self.client, "the pipelines"):
            for name in self.notes.get("pipelines", ()):
                self.client.options(ignore_status=404).ingest.delete_pipeline(id=name)

    def _put(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.client.ingest.get_pipeline(id=name)[name]
        except NotFoundError:
            return None
        return found
