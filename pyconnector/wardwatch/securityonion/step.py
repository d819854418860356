"""A step of the install. Plan, install, verify and uninstall all walk the same list of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine, digest

AGAIN = "run `wardwatch securityonion install`"


class Act(NamedTuple):
    """Something that a step does: a file, an edit, a call of an API, or a command."""

    kind: Literal["file", "edit", "call", "command"]
    what: str


class Standing(NamedTuple):
    """How something stands: a remedy is given where it is not ok."""

    word: Literal["ok", "missing", "changed", "unknown"]
    what: str
    remedy: str = ""


class Step(ABC):
    """One step; `name` is its own in the journal, `title` is for people."""

    name: str
    title: str

    def __init__(self, machine: Machine, journal: Journal) -> None:
        self.machine, self.journal = machine, journal

    @property
    def notes(self) -> Mapping[str, Any]:
        """What the journal has of this step."""
        return self.journal.of(self.name)

    def note(self, **known: object) -> None:
        """Keep something in the journal."""
        self.journal.note(self.name, **known)

    @abstractmethod
    def acts(self) -> Iterable[Act]:
        """Tell everything that `do` does. Nothing is changed."""

    def obstacles(self) -> Iterable[str]:
        """Tell what forbids `do`: names that somebody else has, doubts. Nothing is changed."""
        return ()

    @abstractmethod
    def standings(self) -> Iterable[Standing]:
        """Look at everything that `do` has made. Nothing is changed."""

    @abstractmethod
    def do(self) -> None:
        """Carry it out, also where an earlier attempt was broken off or all is there already."""

    @abstractmethod
    def undo(self) -> Iterable[str]:
        """Take back what the journal has of it; tell what had to be left, and why."""


class Files(Step):
    """New files that are wholly ours; with `own`, a directory in which nobody else has any."""

    own: str | None = None

    @abstractmethod
    def content(self) -> Mapping[str, bytes]:
        """Return the files."""

    def mode(self, _: str) -> int:
        """Return who may read a file."""
        return 0o644

    def acts(self) -> Iterator[Act]:
        """Tell the files."""
        for name, content in self.content().items():
            yield Act("file", f"{name} ({len(content)} bytes)")

    def obstacles(self) -> Iterator[str]:
        """Tell files of others that have our names, or lie in our directory."""
        known, wanted = self.notes.get("files", {}), self.content()
        there = self.machine.files(self.own) if self.own else wanted
        for name in there:
            content = self.machine.read(name)
            if name in known or content is None or content == wanted.get(name):
                continue
            yield f"{name}: is there already and was not written by this; move it away first"

    def standings(self) -> Iterator[Standing]:
        """Compare what is there with what there should be."""
        wanted, missing, changed = self.content(), [], []
        for name, content in wanted.items():
            found = self.machine.read(name)
            if found is None:
                missing.append(name)
            elif found != content or self._open(name):
                changed.append(name)
        left = [name for name in self.notes.get("files", {}) if name not in wanted]
        changed += [name for name in left if self.machine.read(name) is not None]
        if not missing and not changed:
            yield Standing("ok", f"{self.title}: {len(wanted)} files")
        yield from (Standing("missing", name, AGAIN) for name in missing)
        yield from (Standing("changed", name, AGAIN) for name in changed)

    def do(self) -> None:
        """Write them, and remove those of an earlier release that are no more."""
        wanted, earlier = self.content(), dict(self.notes.get("files", {}))
        dirs = [*self.notes.get("dirs", [])]
        dirs += [d for name in wanted for d in self.machine.lacking(name) if d not in dirs]
        self.note(
            dirs=list(dict.fromkeys(dirs)),
            # Both until it is done: what a kill leaves is the one or the other.
            files=earlier
            | {name: f"{earlier.get(name, '')} {digest(c)}" for name, c in wanted.items()},
        )
        for name, content in wanted.items():
            if self.machine.read(name) != content or self._open(name):
                self.machine.write(name, content, self.mode(name))
                self.machine.path(name).chmod(self.mode(name))
        for name in earlier:
            if name not in wanted:
                self.machine.remove(name)
        self.note(files={name: digest(content) for name, content in wanted.items()}, done=True)

    def undo(self) -> Iterator[str]:
        """Remove them, but for those that somebody has changed since."""
        for name, known in self.notes.get("files", {}).items():
            found = self.machine.read(name)
            if found is not None and digest(found) not in known.split():
                yield f"{name}: was changed since and is kept; look at it, then delete it"
            else:
                self.machine.remove(name)
        for directory in sorted(self.notes.get("dirs", []), key=len, reverse=True):
            self.machine.remove_empty(directory)

    def _open(self, name: str) -> bool:
        """Say whether more people may read a secret than should."""
        return self.mode(name) == 0o600 and bool(self.machine.path(name).stat().st_mode & 0o077)
