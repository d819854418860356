"""What a service manager and an operator need of a process that runs for years.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from types import FrameType

GRACE = 3.0  # seconds for the work at hand once the process is told to stop


class Stopped(BaseException):
    """The work at hand took longer than the grace: it is broken off, as if it had been killed."""


class RunningError(Exception):
    """Another process does this already; the message says which."""


def lost(db: Path) -> Path | None:
    """Return the lock that tells of a database that was followed into and is not there any more."""
    db = db.resolve()
    if db.exists() and db.stat().st_size:
        return None
    return next(db.parent.glob(f"{escape(db.name)}-*.lock"), None)


@contextmanager
def alone(db: Path, site: str) -> Iterator[None]:
    """Hold the right to follow a site into a database; raises `RunningError` where another does.

    The system lets go of it when the process ends, however that ends.
    """
    name = "".join(c if c.isalnum() or c in "-_" else "_" for c in site)
    db = db.resolve()  # by whatever name it was given
    path = db.with_name(f"{db.name}-{name}.lock")
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read(20).strip() or "unknown"
            raise RunningError(
                f"site {site}: process {who} already runs on {db}; stop that first, or give this "
                "one another site"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


class Signals:
    """What the process was told: to stop (SIGTERM, SIGINT), or to read its settings anew (SIGHUP).

    The work at hand is finished first, or broken off by `Stopped` after the grace: nothing is lost
    by that, but what was done of it since the last commit is done again.
    """

    def __init__(self) -> None:
        self.stop = self.reload = False
        signal.signal(signal.SIGALRM, self._break_off)
        signal.signal(signal.SIGTERM, self._told_to_stop)
        signal.signal(signal.SIGINT, self._told_to_stop)
        signal.signal(signal.SIGHUP, self._told_to_reload)

    def done(self) -> None:
        """Say that there is no work at hand any more that could be broken off."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _told_to_stop(self, _: int, __: FrameType | None) -> None:
        self.stop = True
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _break_off(self, _: int, __: FrameType | None) -> None:
        raise Stopped

    def _told_to_reload(self, _: int, __: FrameType | None) -> None:
        self.reload = True

    def sleep(self, seconds: float, has_news: Callable[[], bool] = lambda: False) -> None:
        """Wait, but no longer than until a signal comes, or there is news."""
        until = time.monotonic() + seconds
        while not (self.stop or self.reload) and (left := until - time.monotonic()) > 0:
            if has_news():
                return
            time.sleep(min(left, 0.2))


def notify(**state: object) -> None:
    """Tell systemd, where it started us: READY=1, STATUS=…, WATCHDOG=1, STOPPING=1."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    name = f"\0{address[1:]}" if address.startswith("@") else address
    text = "\n".join(f"{key}={value}" for key, value in state.items())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(1)
        try:
            manager.sendto(text.encode(), name)
        except OSError:  # nobody listens any more, or takes what we say; the work goes on
            return
