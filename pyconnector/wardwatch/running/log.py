"""What `run` tells while it runs: for a log, one JSON object a line; on a terminal, plain lines.

The names are those of the Elastic Common Schema: https://www.elastic.co/guide/en/ecs/current/
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb

from wardwatch.outputs.terminal import moment, safe
from wardwatch.running.health import Health

HOUR = 3600.0
LONGEST = 2000  # characters of a message
KINDS = 200  # of problems that are told apart in an hour; what comes beyond is counted together
_SECRETS = re.compile(r"(?<=://)[^/\s@]+@|\b(?:ApiKey|Basic|Bearer) +[\w.~+/=-]+")
_OTHER = "of other kinds"
_LOGGER = logging.getLogger("wardwatch.run")


def start(site: str) -> None:
    """Let all that this process and its libraries have to tell go to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain() if sys.stderr.isatty() else _Structured(site))
    handler.addFilter(Seldom())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # else what cannot be written is, with all that it quotes
    _LOGGER.setLevel(logging.INFO)


def problem(text: str) -> None:
    """Tell what an operator should look at; the same at most once an hour, with how often."""
    _LOGGER.warning("%s", text, extra={"action": "problem"})


def event(action: str, text: str) -> None:
    """Tell what is as it should be."""
    _LOGGER.info("%s", text, extra={"action": action})


def refusal(text: str) -> None:
    """Tell what somebody asked for and did not get: each time."""
    _LOGGER.error("%s", text, extra={"action": "refusal"})


def failure(text: str) -> None:
    """Tell why the process ends."""
    _LOGGER.critical("%s", text, extra={"action": "failure"})


def place(error: BaseException) -> str:
    """Return what an error is and where it came up, without its text, which may quote a row."""
    called = [f"{Path(at.filename).name}:{at.lineno}" for at in extract_tb(error.__traceback__)]
    return f"{type(error).__name__} in {' > '.join(called[-6:])}; please report this"


class Seldom(logging.Filter):
    """Lets each kind of problem pass once an hour, and then with how many there were.

    Problems are of a kind where only numbers differ, as those of the lines of a file.
    """

    def __init__(self) -> None:
        super().__init__()
        self._since: dict[str, float] = {}
        self._withheld: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record passes."""
        if record.levelno != logging.WARNING:
            return True
        kind = self._kind(re.sub(r"\d+", "#", record.getMessage()))
        now = time.monotonic()
        if now - self._since.get(kind, -HOUR) < HOUR:
            self._withheld[kind] = self._withheld.get(kind, 0) + 1
            return False
        self._since[kind] = now
        record.repeated = self._withheld.pop(kind, 0)
        return True

    def _kind(self, text: str) -> str:
        if text not in self._since and len(self._since) >= KINDS:
            over = time.monotonic() - HOUR
            self._since = {kind: at for kind, at in self._since.items() if at > over}
            self._withheld = {k: n for k, n in self._withheld.items() if k in self._since}
        return text if text in self._since or len(self._since) < KINDS else _OTHER


class _Structured(logging.Formatter):
    def __init__(self, site: str) -> None:
        super().__init__()
        self._site = site

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "@timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "log.level": record.levelname.lower(),
            "message": _text(record),
            "event.action": getattr(record, "action", "library"),
            "log.logger": record.name,
            "service.name": "wardwatch",
            "process.pid": record.process,
            "wardwatch.site": self._site,
            "ecs.version": "8.11.0",
        }
        return json.dumps(told)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"{moment(record.created)} {level}{safe(_text(record))}"


def _text(record: logging.LogRecord) -> str:
    """Return the message: bounded, without secrets; a traceback may quote anything."""
    more = getattr(record, "repeated", 0)
    since = f" (and {more} more like it since this was last told)" if more else ""
    return _SECRETS.sub("…", record.getMessage())[:LONGEST] + since


class Journal:
    """Tells of what `run` does: at first, when something changes, and then once an hour."""

    def __init__(self) -> None:
        self._told, self._rows, self._bad = 0.0, 0, 0
        self._error: str | None = None

    def cycle(self, health: Health) -> None:
        """Look at how a cycle went."""
        if health.publish_error != self._error:
            if health.publish_error:
                problem(f"Elasticsearch: {health.publish_error}; it is tried again")
            else:
                event("publish", "Elasticsearch has taken all again")
            self._error = health.publish_error
        if not self._told or time.monotonic() - self._told > HOUR:
            self.summary(health)

    def summary(self, health: Health) -> None:
        """Tell in a line what was done since the last one."""
        rows, bad = health.rows - self._rows, health.bad_rows - self._bad
        self._told, self._rows, self._bad = time.monotonic(), health.rows, health.bad_rows
        done = [
            f"{rows} rows taken, {bad} lines bad",
            f"{health.behind} bytes wait",
            f"{health.devices} devices",
        ]
        for name, at in (("assessed", health.assessed), ("published", health.published)):
            done += [f"{name} {moment(at)}"] if at else []
        event("summary", ", ".join(done))
