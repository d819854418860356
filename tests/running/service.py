"""A running connector as a service manager has it: told of its life, able to stop it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 20.0


class Service:
    """A running connector, the socket on which it tells its manager, and what it logged."""

    def __init__(self, home: Path, site: str, manager: socket.socket) -> None:
        self.settings, self.log = home / f"{site}.toml", home / f"{site}.err"
        self._manager, self.told, self._heard = manager, list[str](), 0
        threading.Thread(target=self._listen, daemon=True).start()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command(self.settings), stderr=log,
                env=os.environ | {"NOTIFY_SOCKET": str(manager.getsockname())},
            )  # fmt: skip

    def _listen(self) -> None:
        while message := self._manager.recv(4096):
            self.told.append(message.decode())

    def hears(self, what: str) -> str:
        """Wait until the manager is told so, after what it was told before; what came with it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for at, told in enumerate(self.told[self._heard :], self._heard + 1):
                if told.startswith(what):
                    self._heard = at
                    return told
            time.sleep(0.02)
        raise TimeoutError(f"never told {what}: {self.log.read_text()}")

    def logged(self) -> list[dict[str, object]]:
        """Return what it logged: each line is one object."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def logs(self, what: str) -> dict[str, object]:
        """Wait until it logs a message with these words."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for line in self.logged():
                if what in str(line["message"]):
                    return line
            time.sleep(0.1)
        raise TimeoutError(f"never logged {what}: {self.log.read_text()}")

    def stops(self) -> float:
        """Tell it to stop, and return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.log.read_text()
        return time.monotonic() - began


Start = Callable[..., Service]


def command(settings: Path, *more: str) -> list[str]:
    """Return the command line of a connector."""
    return [sys.executable, "-m", "wardwatch.cli", "run", "--config", str(settings), *more]


def write(home: Path, site: str, logs: Path, more: str = "", db: str = "") -> Path:
    """Write the settings of a site."""
    settings = home / f"{site}.toml"
    settings.write_text(
        f'[site]\nname = "{site}"\n[store]\nfile = "{home}/{db or site}.db"\n'
        f'[run]\nlogs = ["{logs}"]\ninterval = 1\n{more}'
    )
    return settings
