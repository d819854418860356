"""Files over HTTP(S), from the hosts that the settings name and no other.

A feed may not lead elsewhere: an address inside a document or a redirect could else make us ask a
device of the hospital for something. Proxies are those of the environment.
"""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from wardwatch import __version__

TIMEOUT = 30.0  # seconds for each answer on the wire
DEADLINE = 600.0  # for a whole file
PAUSES = (1.0, 3.0, 9.0)  # between attempts at a server that is busy or breaks off
BUSY = (408, 425, 429, 500, 502, 503, 504)
CHUNK = 1 << 16


class FetchError(Exception):
    """A file cannot be had; the message names its address and says why."""

    def __init__(self, url: str, reason: str, *, status: int | None = None, again: bool = False):
        super().__init__(f"{url}: {reason}")
        self.status, self.again = status, again


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file, and what the server said by which it can be asked for a newer one."""

    url: str
    body: bytes
    etag: str | None
    modified: str | None


class Fetcher:
    """Fetches files from hosts that are named, the settings' addresses among them."""

    def __init__(self, hosts: Iterable[str], ca_file: Path | None = None) -> None:
        self._hosts = {host.lower() for host in hosts}
        context = ssl.create_default_context(cafile=ca_file)
        self._opener = request.OpenerDirector()
        for handler in (
            request.ProxyHandler(),
            request.UnknownHandler(),
            request.HTTPHandler(),
            request.HTTPSHandler(context=context),
            request.HTTPDefaultErrorHandler(),
            request.HTTPErrorProcessor(),
            _Redirects(self._check),
        ):
            self._opener.add_handler(handler)

    def get(
        self, url: str, limit: int, *, etag: str | None = None, modified: str | None = None
    ) -> Fetched | None:
        """Return a file, None where it is the one that `etag` and `modified` are of.

        Raises `FetchError`.
        """
        self._check(url)
        asked = request.Request(url, headers={  # noqa: S310  the scheme was checked
            "User-Agent": f"wardwatch/{__version__}", "Accept-Encoding": "gzip",
            **({"If-None-Match": etag} if etag else {}),
            **({"If-Modified-Since": modified} if modified else {}),
        })  # fmt: skip
        for pause in (*PAUSES, None):
            try:
                return self._in_time(asked, limit)
            except FetchError as error:
                if not error.again or pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError  # the last attempt returns or raises

    def _check(self, url: str, before: str | None = None) -> None:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise FetchError(before or url, f"leads to no address: {error}") from None
        if parts.scheme not in ("http", "https") or not host:
            raise FetchError(before or url, f"leads to {url[:200]!r}, which is no address")
        if parts.username is not None:
            raise FetchError(host, "an address must not hold a user name")
        if host.lower() not in self._hosts:
            raise FetchError(
                before or url, f"{host} is not among feeds.hosts; add it if the feed may lead there"
            )
        if before and before.startswith("https:") and parts.scheme == "http":
            raise FetchError(before, f"leads from https to {url[:200]}")

    def _in_time(self, asked: request.Request, limit: int) -> Fetched | None:
        """Fetch in a thread of its own: so not even a name server or handshake holds us up."""
        answers: queue.Queue[Fetched | FetchError | None] = queue.Queue()
        end = time.monotonic() + DEADLINE

        def run() -> None:
            try:
                answers.put(self._fetch(asked, limit, end))
            except FetchError as error:
                answers.put(error)
            except Exception as error:
                answers.put(FetchError(asked.full_url, f"cannot be read: {error!r}"[:300]))

        threading.Thread(target=run, daemon=True).start()
        try:
            answer = answers.get(timeout=DEADLINE + 1)
        except queue.Empty:
            raise FetchError(asked.full_url, f"took longer than {DEADLINE:.0f} seconds") from None
        if isinstance(answer, FetchError):
            raise answer
        return answer

    def _fetch(self, asked: request.Request, limit: int, end: float) -> Fetched | None:
        url = asked.full_url
        try:
            with self._opener.open(asked, timeout=TIMEOUT) as answer:
                body = _read(url, answer, limit, end)
                headers = answer.headers
                return Fetched(
                    url=url,
                    body=body,
                    etag=headers.get("ETag"),
                    modified=headers.get("Last-Modified"),
                )
        except HTTPError as error:
            with error:
                if error.code == HTTPStatus.NOT_MODIFIED:
                    return None
                reason = f"the server says {error.code} {error.reason}"
            again = error.code in BUSY
            raise FetchError(url, reason, status=error.code, again=again) from None
        except (TimeoutError, URLError, http.client.HTTPException, OSError) as error:
            cause = getattr(error, "reason", None) or error
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise FetchError(url, f"cannot be trusted ({cause}); see feeds.ca_file") from None
            why = str(cause) or type(cause).__name__
            raise FetchError(url, f"cannot be had: {why}", again=True) from None


class _Redirects(request.HTTPRedirectHandler):
    """Follows a redirect only where the feed itself might be."""

    def __init__(self, check: Any) -> None:
        self._check = check

    def redirect_request(  # noqa: PLR0913, PLR0917  the base class asks for them
        self, req: request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        """Return what to ask instead; raises `FetchError`."""
        try:
            self._check(newurl, req.full_url)
        except FetchError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read(url: str, answer: Any, limit: int, end: float) -> bytes:
    """Return a body, unpacked; refuse what is too long, too slow or cut short."""
    promised = answer.headers.get("Content-Length")
    huge = FetchError(url, f"is over {max(limit >> 20, 1)} MB; no such file is so large")
    if promised and promised.isdigit() and int(promised) > limit:
        raise huge
    zipped = answer.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip")
    unpack = zlib.decompressobj(31) if zipped else None
    body = bytearray()
    read = 0
    while chunk := answer.read1(CHUNK):
        read += len(chunk)
        if time.monotonic() > end:
            raise FetchError(url, f"took longer than {DEADLINE:.0f} seconds")
        try:
            body += unpack.decompress(chunk, limit + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise FetchError(url, f"is damaged on the way: {error}") from None
        if len(body) > limit or read > limit:
            raise huge
    if (promised and promised.isdigit() and read != int(promised)) or (unpack and not unpack.eof):
        raise FetchError(url, "broke off before its end", again=True)
    return bytes(body)
