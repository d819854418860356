"""Step: templates, and the indices of devices and findings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from wardwatch.outputs import elasticsearch_setup as setup
from wardwatch.outputs.elasticsearch_client import explained
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError
from wardwatch.securityonion import elastic
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.step import AGAIN, Act, Standing, Step


def templates() -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return all templates: the kind of each and what is in it."""
    found = {}
    for file in (files("wardwatch.outputs") / "index_templates").iterdir():
        if file.name.endswith(".json"):
            body = json.loads(file.read_text(encoding="utf-8"))
            kind = "index" if "index_patterns" in body else "component"
            found[file.name.removesuffix(".json")] = kind, body
    return dict(sorted(found.items(), key=lambda one: (one[1][0], one[0])))


class Templates(Step):
    """Templates and the two plain indices, put as `wardwatch elasticsearch setup` puts them."""

    name, title = "templates", "templates and indices"

    def __init__(
        self, machine: Machine, journal: Journal, client: Elasticsearch, index: str, policy: str
    ) -> None:
        super().__init__(machine, journal)
        self.client = client
        self.index, self.policy = index, policy
        self.indices = (index, setup.findings_index(index))

    def acts(self) -> Iterator[Act]:
        """Tell the calls."""
        for name, (kind, _) in templates().items():
            yield Act("call", f"PUT _{kind}_template/{name}")
        for name in self.indices:
            yield Act("call", f"PUT {name}")

    def obstacles(self) -> Iterator[str]:
        """Tell templates and indices of others that have our names, and a server that ails."""
        with explained(self.client, self.index):
            health = self.client.cluster.health()["status"]
            if health not in ("green", "yellow"):
                yield f"Elasticsearch is {health}: see `so-elasticsearch-query _cluster/health`"
            number = str(self.client.info()["version"]["number"])
            if not (8, 14) <= tuple(map(int, number.split(".")[:2])) < (10, 0):
                yield f"Elasticsearch is {number}; 8.14 to 9.x are known"
            for name, (kind, _) in templates().items():
                found = self._template(kind, name)
                if found and found.get("_meta", {}).get("managed_by") != "wardwatch":
                    yield f"_{kind}_template/{name}: somebody else has one of this name; rename it"
            if not self.notes:
                yield from self._taken()

    def standings(self) -> Iterator[Standing]:
        """Compare templates and indices with this release's."""
        with explained(self.client, self.index):
            for name, (kind, body) in templates().items():
                found, what = self._template(kind, name), f"_{kind}_template/{name}"
                if found is None:
                    yield Standing("missing", what, AGAIN)
                elif elastic.within(self._wanted(name, body), found):
                    yield Standing("ok", what)
                else:
                    yield Standing("changed", what, AGAIN)
        for index in self.indices:
            try:
                setup.check(self.client, index)
                yield Standing("ok", f"index {index}")
            except ElasticsearchError as error:
                yield Standing("missing", f"index {index}", f"{AGAIN}: {error}")

    def do(self) -> None:
        """Put them; an index of an earlier release is brought to this one's fields."""
        streams = [setup.stream(name, self.index) for name in setup.STREAMS]
        self.note(templates=list(templates()), indices=list(self.indices), streams=streams)
        setup.setup(self.client, self.index, self.policy or None)
        self.note(done=True)

    def undo(self) -> Iterator[str]:
        """Delete them, and what was published: it can be made again from the database."""
        client = self.client.options(ignore_status=404)
        with explained(self.client, self.index):
            for name in self.notes.get("indices", ()):
                found = self.client.options(ignore_status=404).indices.get_alias(index=name)
                for real in (*dict(found), name) if "error" not in found else ():
                    client.indices.delete(index=real)
            for name in self.notes.get("streams", ()):
                client.indices.delete_data_stream(name=name)
            for name, (kind, _) in reversed(templates().items()):
                if name not in self.notes.get("templates", ()):
                    continue
                if kind == "index":
                    client.indices.delete_index_template(name=name)
                else:
                    client.cluster.delete_component_template(name=name)
        return
        yield

    def _template(self, kind: str, name: str) -> dict[str, Any] | None:
        try:
            if kind == "index":
                found = self.client.indices.get_index_template(name=name)["index_templates"]
            else:
                found = self.client.cluster.get_component_template(name=name)["component_templates"]
        except NotFoundError:
            return None
        known: dict[str, Any] = found[0][f"{kind}_template"]
        return known

    def _wanted(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.policy and "data_stream" in body:
            stream = name.removeprefix("logs-iomt.").removesuffix("-so")
            return setup.stream_template(stream, self.policy)
        return body

    def _taken(self) -> Iterator[str]:
        """Tell indices that are there, but not by an earlier `elasticsearch setup`."""
        for name in self.indices:
            if self.client.indices.exists(index=name):
                for real, entry in self.client.indices.get_mapping(index=name).items():
                    if "schema" not in entry["mappings"].get("_meta", {}):
                        yield f"index {real}: somebody else has one of this name; rename it"
