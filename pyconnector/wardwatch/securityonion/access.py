"""Steps: the role of the running connector, and the API key by which it has that role alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from wardwatch.outputs.elasticsearch_client import explained
from wardwatch.securityonion import elastic
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.step import AGAIN, Act, Standing, Step

ROLE = "wardwatch_connector"


class Asking(Step):
    """A step that asks Elasticsearch."""

    def __init__(self, machine: Machine, journal: Journal, client: Elasticsearch) -> None:
        super().__init__(machine, journal)
        self.client = client


class Role(Asking):
    """What the running connector may do, and no more."""

    name, title = "role", "role of the connector"

    def __init__(
        self, machine: Machine, journal: Journal, client: Elasticsearch, body: Mapping[str, Any]
    ) -> None:
        super().__init__(machine, journal, client)
        self.body = body

    def acts(self) -> Iterator[Act]:
        """Tell the call and what it allows."""
        yield Act("call", f"PUT _security/role/{ROLE}")
        for one in self.body["indices"]:
            yield Act("call", f"  {', '.join(one['privileges'])} on {', '.join(one['names'])}")

    def obstacles(self) -> Iterator[str]:
        """Tell a role of somebody else."""
        found = self._role()
        if found and found.get("metadata", {}).get("managed_by") != "wardwatch":
            yield f"_security/role/{ROLE}: somebody else has one of this name; rename it"

    def standings(self) -> Iterator[Standing]:
        """Compare it."""
        found, what = self._role(), f"_security/role/{ROLE}"
        if found is None:
            yield Standing("missing", what, AGAIN)
        elif elastic.within(self.body, found):
            yield Standing("ok", what)
        else:
            yield Standing("changed", what, AGAIN)

    def do(self) -> None:
        """Put it."""
        self.note(role=ROLE)
        with explained(self.client, "the role"):
            self.client.security.put_role(name=ROLE, body=dict(self.body))
        self.note(done=True)

    def undo(self) -> Iterator[str]:
        """Delete it."""
        with explained(self.client, "the role"):
            self.client.options(ignore_status=404).security.delete_role(name=ROLE)
        return
        yield

    def _role(self) -> dict[str, Any] | None:
        with explained(self.client, "the role"):
            try:
                found: dict[str, Any] = self.client.security.get_role(name=ROLE)[ROLE]
            except NotFoundError:
                return None
        return found


class ApiKey(Asking):
    """The connector's key, in a file that only root can read."""

    title = "API key of the connector"

    def __init__(
        self,
        machine: Machine,
        journal: Journal,
        client: Elasticsearch,
        site: str,
        body: Mapping[str, Any],
    ) -> None:
        super().__init__(machine, journal, client)
        self.name = f"key {site}"
        self.file, self.key, self.body = f"/etc/wardwatch/{site}.api-key", f"wardwatch-{site}", body

    def acts(self) -> Iterator[Act]:
        """Tell the call and the file."""
        yield Act("call", f"POST _security/api_key ({self.key}, with the rights of that role)")
        yield Act("file", f"{self.file} (the key, for root alone)")

    def obstacles(self) -> Iterator[str]:
        """Tell a file of somebody else."""
        if self.machine.read(self.file) is not None and not self.notes:
            yield f"{self.file}: is there already and was not written by this; move it away first"

    def standings(self) -> Iterator[Standing]:
        """Ask whether the key is valid; look who may read it."""
        content = self.machine.read(self.file)
        if content is None:
            yield Standing("missing", self.file, AGAIN)
        elif self.machine.path(self.file).stat().st_mode & 0o077:
            yield Standing("changed", f"{self.file}: others may read it", f"chmod 600 {self.file}")
        elif not self._valid(content):
            yield Standing("changed", f"{self.file}: the key in it is not valid", AGAIN)
        else:
            yield Standing("ok", f"{self.file}: the key is valid")

    def do(self) -> None:
        """Make a key, unless there is a valid one; those that were made in vain are invalidated."""
        content = self.machine.read(self.file)
        if content is not None and self._valid(content) and self.notes.get("body") == self.body:
            self.machine.path(self.file).chmod(0o600)
            self.note(done=True)
            return
        self.note(key=self.key, dirs=self.notes.get("dirs") or self.machine.lacking(self.file))
        self._invalidate()
        with explained(self.client, "the API key"):
            made = self.client.security.create_api_key(
                name=self.key,
                role_descriptors={ROLE: dict(self.body)},
                metadata={"managed_by": "wardwatch"},
            )
        self.machine.write(self.file, f"{made['encoded']}\n".encode(), 0o600)
        self.machine.path(self.file).chmod(0o600)
        self.note(body=dict(self.body), done=True)

    def undo(self) -> Iterator[str]:
        """Invalidate the key and remove its file."""
        self._invalidate()
        self.machine.remove(self.file)
        for directory in self.notes.get("dirs", ()):
            self.machine.remove_empty(directory)
        return
        yield

    def _keys(self) -> list[dict[str, Any]]:
        with explained(self.client, "the API key"):
            try:
                found = self.client.security.get_api_key(name=self.key)["api_keys"]
            except NotFoundError:
                return []
        return [one for one in found if one.get("metadata", {}).get("managed_by") == "wardwatch"]

    def _valid(self, content: bytes) -> bool:
        try:
            known = base64.b64decode(content, validate=False).decode().partition(":")[0]
        except ValueError:
            return False
        return any(one["id"] == known and not one["invalidated"] for one in self._keys())

    def _invalidate(self) -> None:
        ids = [one["id"] for one in self._keys() if not one["invalidated"]]
        if ids:
            with explained(self.client, "the API key"):
                self.client.security.invalidate_api_key(ids=ids)
