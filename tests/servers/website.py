"""A web site on loopback that serves what a test puts on it, with the faults that it asks for."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(slots=True, kw_only=True)
class Page:
    """One answer. `promised` replaces the length, `drip` is the pause after each byte.

    `busy` is how often 500 is said before the page is.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    drip: float = 0.0
    busy: int = 0


class Website:
    """The pages by path, and what was asked for: (path, headers)."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def put(self, path: str, body: bytes | str, **more: object) -> str:
        """Put a page on it and return its address."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(body=content, **more)  # type: ignore[arg-type]
        return self.url + path

    def paths(self) -> list[str]:
        """Return the paths that were asked for since this was last called."""
        found = [path for path, _ in self.asked]
        self.asked.clear()
        return found


class _Handler(BaseHTTPRequestHandler):
    site: Website

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.site.asked.append((self.path, headers))
        page = self.site.pages.get(self.path, Page(status=404))
        if page.busy:
            page.busy -= 1
            page = Page(status=500)
        if (etag := page.headers.get("ETag")) and headers.get("if-none-match") == etag:
            page = Page(status=304)
        with suppress(OSError):  # who asked may have hung up
            self._answer(page)

    def _answer(self, page: Page) -> None:
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in page.headers:
            promised = len(page.body) if page.promised is None else page.promised
            self.send_header("Content-Length", str(promised))
        self.end_headers()
        if not page.drip:
            self.wfile.write(page.body)
            return
        for byte in page.body:
            self.wfile.write(bytes([byte]))
            time.sleep(page.drip)

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests look at what was asked."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that trusts nobody hangs up in the middle."""


@contextmanager
def serve(certificate: Path | None = None) -> Iterator[Website]:
    """Run a web site, over TLS where there is a certificate (with its key in the same file)."""
    site = Website()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "https" if certificate else "http"
    site.url = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
