"""The manager's files and programs: everything that the installer reads, writes or runs.

With a root other than `/` all paths are below it, as in a copy of a manager to try things on.
Programs are found by name on PATH and get their words as they are, never through a shell.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wardwatch.securityonion import SecurityOnionError

PATIENCE = 1_800  # seconds until a program that does not end is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program ended with and printed."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """The last line that it printed, for a message."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return "".join(c for c in lines[-1] if c.isprintable())[:300] if lines else "nothing"


class Machine:
    """Files below a root, and programs."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Return where a file of the manager is."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> bytes | None:
        """Return what is in a file; None where there is none."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None

    def text(self, name: str) -> str | None:
        """Return the text of a file; None where there is none."""
        content = self.read(name)
        try:
            return None if content is None else content.decode()
        except UnicodeDecodeError:
            raise SecurityOnionError(f"{name}: is no UTF-8 text; look at it") from None

    def write(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """Write a file so that it is the old one or the new one; what it lies in is made."""
        path = self.path(name)
        for directory in reversed(self.lacking(name)):
            made = self.path(directory)
            made.mkdir(mode=0o755)
            _own(made, made.parent)
        there = path.exists()
        mode = path.stat().st_mode & 0o7777 if there else mode
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb") as file:
                temporary.chmod(mode)
                _own(temporary, path if there else path.parent)
                file.write(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file that may be gone already."""
        self.path(name).unlink(missing_ok=True)

    def remove_empty(self, name: str) -> None:
        """Remove a directory, unless somebody keeps something in it."""
        with suppress(OSError):
            self.path(name).rmdir()

    def lacking(self, name: str) -> list[str]:
        """Return the directories that a file would need and that are not there, innermost first."""
        return ["/" + str(above.relative_to(self.root)) for above in self._above(name)]

    def _above(self, name: str) -> Iterator[Path]:
        for above in self.path(name).parents:
            if above.exists():
                return
            yield above

    def files(self, name: str) -> list[str]:
        """Return all files below a directory, hidden ones too."""
        base = self.path(name)
        found = (path for path in sorted(base.rglob("*")) if not path.is_dir())
        return ["/" + str(path.relative_to(self.root)) for path in found]

    def free(self, name: str) -> int:
        """Return the bytes that are free where a directory is, or will be."""
        path = self.path(name)
        while not path.exists():
            path = path.parent
        return shutil.disk_usage(path).free

    def has(self, program: str) -> bool:
        """Say whether a program is on PATH."""
        return shutil.which(program) is not None

    def run(self, *words: str, data: bytes | None = None) -> Answer:
        """Run a program to its end."""
        if not self.has(words[0]):
            raise SecurityOnionError(
                f"{words[0]}: is not on PATH; run this as root on the manager of Security Onion"
            )
        try:
            done = subprocess.run(
                words, input=data or b"", capture_output=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SecurityOnionError(f"{words[0]}: did not run to its end: {error}") from None
        return Answer(
            status=done.returncode,
            out=done.stdout.decode(errors="replace"),
            err=done.stderr.decode(errors="replace"),
        )


def _own(path: Path, like: Path) -> None:
    """Give a file the owner of another: Salt's and SOC's own users have to go on with theirs."""
    if os.geteuid() == 0:
        was = like.stat()
        os.chown(path, was.st_uid, was.st_gid)


def digest(content: bytes) -> str:
    """Return by what a file's content is known again."""
    return hashlib.sha256(content).hexdigest()
