"""Step: the dashboards, by Security Onion's own `so-kibana-config-load`.

It imports a file once and remembers that in a file of its own, which goes away when there is
something new. https://www.elastic.co/docs/api/doc/kibana/operation/operation-post-saved-objects-export
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

from wardwatch.outputs import kibana_objects
from wardwatch.securityonion import SecurityOnionError
from wardwatch.securityonion.journal import HOME, Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.step import AGAIN, Act, Files, Standing

FILE = f"{HOME}/iomt_dashboards.ndjson"
REMEMBERED = "/opt/so/state/kibana_iomt_dashboards.txt"
LOAD = "so-kibana-config-load"

_KIBANA = "http://localhost:5601/api"
_LOGIN = "/opt/so/conf/elasticsearch/curl.config"


class _Said(NamedTuple):
    status: int
    body: str


class Dashboards(Files):
    """The file of saved objects, and its import."""

    name, title = "dashboards", "dashboards"

    def __init__(self, machine: Machine, journal: Journal, report: str | None) -> None:
        super().__init__(machine, journal)
        self.built = kibana_objects.build(report)
        known = map(json.loads, self.built.splitlines())
        self.objects = [(str(one["type"]), str(one["id"])) for one in known]

    def content(self) -> Mapping[str, bytes]:
        """Return the file."""
        return {FILE: self.built}

    def acts(self) -> Iterator[Act]:
        """Tell the file and the import."""
        yield from super().acts()
        yield Act("command", f"{LOAD} -i {FILE} ({len(self.objects)} saved objects)")

    def obstacles(self) -> Iterator[str]:
        """Tell saved objects of others, and a Kibana that does not answer."""
        yield from super().obstacles()
        if b"PLACEHOLDER" in self.built or b"ENDGAMEHOST" in self.built:
            yield f"{FILE}: {LOAD} would change it; this release cannot be installed"
        missing = self._missing()
        if missing is None:
            yield f"Kibana does not answer at {_KIBANA}: see `so-status`, and try again"
        elif not self.notes:
            for kind, name in self.objects:
                if (kind, name) not in missing:
                    yield f"Kibana has a {kind} {name} already: delete it under Saved Objects first"

    def standings(self) -> Iterator[Standing]:
        """Look whether Kibana has all of them."""
        yield from super().standings()
        missing = self._missing()
        if missing is None:
            yield Standing(
                "unknown", "Kibana does not answer", "see `so-status`, then verify again"
            )
        elif missing:
            yield from (Standing("missing", f"{kind} {name}", AGAIN) for kind, name in missing)
        else:
            yield Standing("ok", f"saved objects: {len(self.objects)}")

    def do(self) -> None:
        """Write the file and import it, unless this very file was imported and all is there."""
        same = self.machine.read(FILE) == self.built and self.notes.get("done")
        known = self.machine.read(REMEMBERED) is not None
        if same and known and self._missing() == []:
            return
        self.note(objects=self.objects, done=False)
        super().do()
        self.note(done=False)
        self.machine.remove(REMEMBERED)
        answer = self.machine.run(LOAD, "-i", str(self.machine.path(FILE)))
        if answer.status or self.machine.read(REMEMBERED) is None:
            raise SecurityOnionError(f"{LOAD}: the import failed: {answer.said}")
        self.note(done=True)

    def undo(self) -> Iterator[str]:
        """Delete the saved objects and the files."""
        for kind, name in self.notes.get("objects", ()):
            path = f"saved_objects/{quote(kind, safe='')}/{quote(name, safe='')}?force=true"
            said = self._ask("DELETE", path)
            if said.status not in (200, 404):
                yield f"Kibana keeps {kind} {name} (status {said.status}): delete it there by hand"
        self.machine.remove(REMEMBERED)
        yield from super().undo()

    def _missing(self) -> list[tuple[str, str]] | None:
        """Return what Kibana has not; None where it does not say."""
        wanted = [{"type": kind, "id": name} for kind, name in self.objects]
        body = json.dumps({"objects": wanted, "excludeExportDetails": True})
        said = self._ask("POST", "saved_objects/_export", body)
        if said.status == 200:
            return []
        try:
            told = json.loads(said.body)["attributes"]["objects"]
            return [(str(one["type"]), str(one["id"])) for one in told] or None
        except (ValueError, KeyError, TypeError):
            return None

    def _ask(self, method: str, path: str, body: str = "") -> _Said:
        words = ["-K", str(self.machine.path(_LOGIN)), "-s", "-g", "-X", method]
        words += ["-H", "kbn-xsrf: true", "-H", "Content-Type: application/json"]
        words += ["-w", "\n%{http_code}", *(["--data-binary", "@-"] if body else ())]
        answer = self.machine.run("curl", *words, f"{_KIBANA}/{path}", data=body.encode())
        content, _, status = answer.out.rpartition("\n")
        return _Said(int(status) if status.isdecimal() else 0, content)
