"""Where the personas of one capture play: their segment, those whom they talk to, their processes.

A function that speaks for a host is run by a forked process inside the host's network namespace,
so that packages are loaded once; genuine programs are started as the harness of tests/traces does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accuracy.catalogue import Persona
from personas import Persona as Host

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
PATIENCE = 25.0


@dataclass(slots=True)
class Stage:
    """One segment with the hosts that everybody talks to."""

    network: str  # the first two numbers of all addresses
    core: Host
    archive: Host
    engine: Host
    laboratory: Host
    portal: Host
    reader: Host

    @property
    def broadcast(self) -> str:
        """The address that everybody on the segment hears."""
        return f"{self.network}.255.255"


@dataclass(slots=True)
class Turn:
    """What one host says in one protocol, all of it one after the other."""

    stage: Stage
    host: Host
    persona: Persona
    steps: list[dict[str, Any]]


def inside(host: Host, function: Callable[..., None], *args: Any, patience: float = 40) -> None:
    """Run a function in a host's namespace, to its end."""
    pid = _forked(host, function, args)
    end = time.monotonic() + patience
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise TimeoutError(f"{host.name}: {function.__module__}.{function.__name__}")
        time.sleep(0.01)
    if status:
        raise RuntimeError(f"{host.name}: {function.__module__}.{function.__name__} failed")


def serving(host: Host, port: int, function: Callable[..., None], *args: Any,
            udp: bool = False) -> None:  # fmt: skip
    """Start a function that stays in a host's namespace; returns when the port is open."""
    _forked(host, function, args)
    listening(host, port, udp=udp)


def listening(host: Host, port: int, *, udp: bool = False) -> None:
    """Wait until something on the host listens on the port."""
    query = ["ss", "-HnlN", host.name, "-u" if udp else "-t", f"sport = :{port}"]
    end = time.monotonic() + PATIENCE
    while not subprocess.run(query, capture_output=True, check=True).stdout.strip():
        if time.monotonic() > end:
            raise TimeoutError(f"{host.name} does not listen on {port}")
        time.sleep(0.03)


def staying(host: Host, function: Callable[..., None], *args: Any) -> None:
    """Start a function that stays until the host leaves."""
    _forked(host, function, args)


def _forked(host: Host, function: Callable[..., None], args: tuple[Any, ...]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        with Path("/run/netns", host.name).open() as namespace:
            if LIBC.setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        os.chdir(host.home)
        function(*args)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
