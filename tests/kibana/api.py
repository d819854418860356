"""A small server that answers as Kibana's import of saved objects is documented to answer.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-post-saved-objects-import and, for
its errors, https://www.elastic.co/docs/api/doc/kibana/v8/operation/operation-resolveimporterrors:
the space is in the path, `kbn-xsrf` is demanded, the file is in a form, an object that is there
already is a conflict unless it may be overwritten, one whose references are missing is not taken.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TYPES = {"index-pattern", "lens", "search", "links", "dashboard"}
USER, PASSWORD, KEY = "wardwatch", "open sesame", "aWQ6a2V5"
_BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_WAY_IN = (f"Basic {_BASIC}", f"ApiKey {KEY}")
Saved = dict[str, Any]


@dataclass
class Kibana:
    """What the server has and does. `instead` is what it answers whatever it is asked."""

    base: str = ""
    spaces: dict[str, dict[tuple[str, str], Saved]] = field(
        default_factory=lambda: {"default": {}, "medical": {}}
    )
    types: set[str] = field(default_factory=lambda: set(TYPES))
    secured: bool = True
    allowed: bool = True
    most: int = 26_214_400  # savedObjects.maxImportPayloadBytes
    instead: tuple[int, bytes] | None = None
    port: int = 0

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        """Return status and body for a request."""
        if self.instead:
            return self.instead
        refused = self._refusal(path, headers, body)
        if refused:
            return _error(*refused)
        try:
            objects = [json.loads(line) for line in _file(headers, body).splitlines() if line]
        except ValueError as error:
            return _error(400, "Bad Request", f"Unexpected token: {error}")
        space, asked = self._space(path), parse_qs(urlsplit(path).query)
        answer = self._import(space, objects, asked)
        return 200, json.dumps(answer, separators=(",", ":")).encode()

    def _refusal(self, path: str, headers: Any, body: bytes) -> tuple[int, str, str] | None:
        form = headers.get("Content-Type", "").startswith("multipart/form-data")
        known = headers.get("Authorization") in _WAY_IN
        for wrong, status, error, message in (
            (self.secured and not known, 401, "Unauthorized", "unable to authenticate user"),
            (self._space(path) not in self.spaces, 404, "Not Found", "Not Found"),
            (
                "kbn-xsrf" not in headers,
                400,
                "Bad Request",
                "Request must contain a kbn-xsrf header.",
            ),
            (not form, 415, "Unsupported Media Type", "Unsupported Media Type"),
            (len(body) > self.most, 413, "Request Entity Too Large", "Payload content length"),
            (not self.allowed, 403, "Forbidden", "Unable to bulk_create dashboard,index-pattern"),
        ):
            if wrong:
                return status, error, message
        return None

    def _space(self, path: str) -> str:
        told = urlsplit(path).path
        if not told.startswith(self.base):
            return "nowhere"
        told = told[len(self.base) :]
        space = "default"
        if told.startswith("/s/"):
            _, _, space, told = told.split("/", 3)
            told = f"/{told}"
        return space if told == "/api/saved_objects/_import" else "nowhere"

    def _import(self, space: str, objects: list[Saved], asked: dict[str, list[str]]) -> Saved:
        there, errors, taken = self.spaces[space], [], []
        coming = {(one["type"], one["id"]) for one in objects}
        for one in objects:
            name = (one["type"], one["id"])
            error = self._trouble(one, {*there, *coming})
            if not error and name in there and asked.get("overwrite") != ["true"]:
                error = {"type": "conflict"}
            told = {"id": one["id"], "type": one["type"], "meta": {"title": one["id"]}}
            if error:
                errors.append({**told, "error": error})
            else:
                taken.append((name, one, told))
        there.update({name: one for name, one, _ in taken})
        done = [told for _, _, told in taken]
        answer: Saved = {"success": not errors, "successCount": len(done), "warnings": []}
        return {**answer, "successResults": done} | ({"errors": errors} if errors else {})

    def _trouble(self, one: Saved, known: set[tuple[str, str]]) -> Saved | None:
        if one["type"] not in self.types:
            return {"type": "unsupported_type"}
        missing = [
            {"type": r["type"], "id": r["id"]}
            for r in one["references"]
            if (r["type"], r["id"]) not in known
        ]
        return {"type": "missing_references", "references": missing} if missing else None


def _error(status: int, error: str, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"statusCode": status, "error": error, "message": message}).encode()


def _file(headers: Any, body: bytes) -> str:
    """Return the file of a form."""
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    form = message_from_bytes(head + body, policy=HTTP)
    (part,) = form.iter_parts()
    assert part.get_param("name", header="content-disposition") == "file"
    assert part.get_filename().endswith(".ndjson"), "Kibana takes no other ending"
    return part.get_payload(decode=True).decode()


@contextmanager
def serving(kibana: Kibana, certificate: Path | None = None) -> Iterator[str]:
    """Serve on loopback, over TLS with `certificate`.crt and .key; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer a request."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = kibana.answer(self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if certificate:
            scheme, context = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            names = (certificate.with_suffix(ending) for ending in (".crt", ".key"))
            context.load_cert_chain(*names)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"{scheme}://127.0.0.1:{server.server_port}{kibana.base}"
        finally:
            server.shutdown()
