"""A disk of a few megabytes that only the test and its commands see: it is gone with them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Self

import pytest
from running.connector import needs_root

CHUNK = 4096


class Disk:
    """A small file system in a mount namespace of its own, held by a process that sleeps.

    `at` is its place there, `seen` the same from outside; `inside` runs a command there.
    """

    def __init__(self, at: Path, mount: str) -> None:
        needs_root("a small file system of its own")
        at.mkdir(parents=True)
        self.at = at
        self._holder = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", f"{mount} && echo mounted && exec sleep 3600"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout and self._holder.stderr
        if self._holder.stdout.readline() != "mounted\n":
            reason = self._holder.stderr.read()
            self.__exit__()
            pytest.skip(f"DID NOT RUN: file systems cannot be mounted here: {reason}")
        self.inside = ("nsenter", "-m", "-t", str(self._holder.pid))
        self.seen = Path(f"/proc/{self._holder.pid}/root{at}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.kill()
        self._holder.wait()
        for pipe in (self._holder.stdout, self._holder.stderr):
            if pipe:
                pipe.close()

    def free(self) -> int:
        """Return how many bytes are free."""
        return shutil.disk_usage(self.seen).free

    def fill(self, left: int = 0) -> None:
        """Leave no more than some bytes free."""
        with (self.seen / "ballast").open("ab", buffering=0) as ballast:
            try:
                while (room := self.free() - left) > 0:
                    ballast.write(b"\1" * min(room, CHUNK))
            except OSError:
                return

    def clear(self) -> None:
        """Give the space back."""
        (self.seen / "ballast").unlink()

    def does(self, *command: str) -> None:
        """Carry out a command there."""
        subprocess.run([*self.inside, *command], check=True, capture_output=True)


def in_memory(at: Path, megabytes: int) -> Disk:
    """Return one in memory."""
    return Disk(at, f"mount -t tmpfs -o size={megabytes}m none '{at}'")


def that_can_break(at: Path, image: Path) -> Disk:
    """Return an ext4 in a file, which the system makes read-only on an error."""
    for tool in ("mkfs.ext4", "losetup"):
        if not shutil.which(tool):
            pytest.skip(f"DID NOT RUN: {tool} is not installed")
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    return Disk(at, f"mount -o loop,errors=remount-ro '{image}' '{at}'")
