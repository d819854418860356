"""Zeek's rows as they are written, over its WebSocket; and what is told to Zeek by the same way.

https://docs.zeek.org/en/lts/frameworks/websocket-api.html
zeek-scripts/live offers them. Whoever is at the other end may send anything: messages, rows and
what waits are bounded, and what is not understood ends the connection and no more.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

TOPIC = "wardwatch/live"
PATH = "/v1/messages/json"
MESSAGE_BYTES = 1 << 20  # as much as a line of a log
WAITING_BYTES = 64 << 20  # of rows that nobody took yet; what comes beyond shows as missing
SILENT = 60.0  # seconds without a word; Zeek tells every ten that it is there
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
OPENING = 10.0


class LiveError(Exception):
    """The live feed is set up in a way that cannot work; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Where Zeek listens, and how it is known and knows us.

    `ca` is who signed its certificate, `name` the one that stands in it where that is not the
    address; `certificate` and `key` are our own, where it asks for one.
    """

    url: str
    ca: Path | None = None
    name: str | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def address(self) -> str:
        """The whole address; raises `LiveError` where it is none that is safe."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise LiveError(f"{self.url}: is no address of Zeek; write it as wss://sensor:4680")
        if parts.scheme == "ws" and not _is_loopback(parts.hostname):
            raise LiveError(f"{self.url}: only loopback is called without TLS; write it as wss://")
        return self.url.rstrip("/") + ("" if parts.path.strip("/") else PATH)

    def tls(self) -> ssl.SSLContext | None:
        """Return how it is proven who is there; raises `LiveError` for files of no use."""
        if not self.url.startswith("wss:"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:  # ssl.SSLError is one
            named = ", ".join(str(p) for p in (self.ca, self.certificate, self.key) if p)
            raise LiveError(f"{named}: {error}; PEM files are asked for that can be read") from None
        return context


class Row(NamedTuple):
    """A row as Zeek tells it; a beat has neither log nor line, and the number of the last row."""

    run: str
    number: int
    log: str
    line: str


Word = Annotated[str, msgspec.Meta(max_length=64)]
Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class _Word(msgspec.Struct):
    data: Word


class _Text(msgspec.Struct):
    data: str


class _Count(msgspec.Struct):
    data: Number


class _Arguments(msgspec.Struct):
    data: tuple[_Word, _Count, _Word, _Text]


class _Event(msgspec.Struct):
    data: tuple[_Word, _Arguments]


class _Message(msgspec.Struct):
    type: str
    topic: str = ""
    code: str = ""
    context: str = ""
    data: list[msgspec.Raw] = []


_MESSAGES = msgspec.json.Decoder(_Message)
_EVENTS = msgspec.json.Decoder(_Event)


class Feed:
    """Hears Zeek in a thread of its own, which calls it again for as long as it lives.

    `since` is when it was connected, None while it is not; `trouble` says why.
    """

    def __init__(self, peer: Peer) -> None:
        self._address, self._tls, self._name = peer.address, peer.tls(), peer.name
        self.since: float | None = None
        self.trouble: str | None = None
        self._told: deque[Row] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._out: deque[str] = deque()
        self._over = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._over.set()
        self._thread.join(5)

    @property
    def has_news(self) -> bool:
        """Whether something waits to be taken."""
        return self._news.is_set()

    def take(self) -> list[Row]:
        """Hand over what came since the last time, in order."""
        with self._lock:
            told = list(self._told)
            self._told.clear()
            self._bytes = 0
            self._news.clear()
        return told

    def tell(self, messages: Iterable[str]) -> None:
        """Send messages in the place of those that were not sent yet."""
        with self._lock:
            self._out = deque(messages)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._over.is_set():
            began = time.monotonic()
            try:
                self._listen()
            except (OSError, WebSocketException, msgspec.DecodeError, _NotZeekError) as error:
                unwanted = self.since is None and self._tls is not None
                self.trouble = _in_words(error, unwanted=unwanted)
            except (RecursionError, UnicodeError, ValueError):
                self.trouble = _STRANGE
            self.since = None
            pause = FIRST_PAUSE if time.monotonic() - began > SILENT else pause
            self._over.wait(pause * random.uniform(0.7, 1.3))  # noqa: S311  no secret
            pause = min(pause * 2, LONGEST_PAUSE)

    def _listen(self) -> None:
        with connect(
            self._address,
            ssl=self._tls,
            server_hostname=self._name if self._tls else None,
            additional_headers={"X-Application-Name": "wardwatch"},
            compression=None,
            proxy=None,
            open_timeout=OPENING,
            close_timeout=1,
            max_size=MESSAGE_BYTES,
        ) as zeek:
            zeek.send(msgspec.json.encode([TOPIC]).decode())
            heard = time.monotonic()
            while not self._over.is_set():
                self._send(zeek)
                try:
                    message = zeek.recv(timeout=0.2)
                except TimeoutError:
                    if time.monotonic() - heard > SILENT:
                        raise
                    continue
                heard = time.monotonic()
                self._hear(message)

    def _hear(self, message: str | bytes) -> None:
        """Take in a message; raises what `_run` expects where it is none of Zeek's."""
        if isinstance(message, bytes):
            raise _NotZeekError
        told = _MESSAGES.decode(message)
        if told.type == "error":
            raise _NotZeekError(f"{told.code[:80]}: {told.context[:200]}")
        if told.type == "ack":
            self.since, self.trouble = time.time(), None
            return
        if told.type != "data-message" or len(told.data) < 3 or self.since is None:
            raise _NotZeekError
        name, arguments = _EVENTS.decode(told.data[2]).data
        if name.data == "Live::row":
            run, number, log, line = arguments.data
            self._put(Row(run.data, number.data, log.data, line.data), len(message))

    def _put(self, told: Row, size: int) -> None:
        with self._lock:
            if self._bytes + size <= WAITING_BYTES:
                self._told.append(told)
                self._bytes += size + 200
            self._news.set()

    def _send(self, zeek: ClientConnection) -> None:
        while self._out and self.since is not None:
            with self._lock:
                message = self._out.popleft()
            zeek.send(message)


class _NotZeekError(Exception):
    """The other end does not speak as Zeek does."""


_STRANGE = (
    "what answers there does not speak as Zeek's live feed does; is zeek-scripts/live loaded?"
)


def _in_words(error: Exception, *, unwanted: bool) -> str:
    """Return what went wrong, and what to do; `unwanted` where it can be for our certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        name = "mismatch" in error.verify_message or "not valid for" in error.verify_message
        todo = "live_name: the name that stands in it" if name else "live_ca: who signed it"
        return f"its certificate is refused: {error.verify_message}; set [run] {todo}"
    if isinstance(error, (_NotZeekError, msgspec.DecodeError)):
        return f"{_STRANGE}{f' ({error})' if str(error) else ''}"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    told = str(error) or type(error).__name__
    if isinstance(error, ConnectionClosed):
        told = f"it ended the connection: {told}"
    if unwanted and isinstance(error, WebSocketException):
        told += "; if it asks for a certificate, set [run] live_certificate and live_key"
    return told


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def event(topic: str, name: str, *arguments: dict[str, Any]) -> str:
    """Return an event as Zeek reads it; each argument is made by `value`."""
    called = value("vector", [value("string", name), value("vector", list(arguments))])
    data = [value("count", 1), value("count", 1), called]
    told = {"type": "data-message", "topic": topic, "@data-type": "vector", "data": data}
    return msgspec.json.encode(told).decode()


def value(kind: str, data: object) -> dict[str, Any]:
    """Return a value of one of Zeek's types."""
    return {"@data-type": kind, "data": data}
