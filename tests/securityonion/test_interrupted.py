"""An install that is killed at any moment, then repeated or taken out."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from securityonion.manager import Manager

from wardwatch.securityonion.install import Install, Wanted
from wardwatch.securityonion.machine import Answer, Machine

# Every moment takes minutes: `make soak` looks at all of them, `make test` at each of so many.
APART = 1 if os.environ.get("WARDWATCH_SOAK") else 97
OFFSETS = range(2)


class KilledError(BaseException):
    """Not an error that a program could handle: it is gone."""


class Mortal(Machine):
    """A machine on which the installer is killed at its n-th deed, before it or after it."""

    def __init__(self, manager: Manager, moment: int = 0) -> None:
        super().__init__(manager.root)
        self.manager, self.moment, self.deeds = manager, moment, 0

    def _deed(self, done: Callable[[], Any]) -> Any:
        self.deeds += 1
        if self.deeds == self.moment:
            raise KilledError
        result = done()
        self.deeds += 1
        if self.deeds == self.moment:
            raise KilledError
        return result

    def write(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """Write a file, or be killed."""
        self._deed(lambda: super(Mortal, self).write(name, content, mode))

    def remove(self, name: str) -> None:
        """Remove a file, or be killed."""
        self._deed(lambda: super(Mortal, self).remove(name))

    def run(self, *words: str, data: bytes | None = None) -> Answer:
        """Run a program, or be killed; what only looks is not worth being killed at."""
        looks = words[0] in ("salt-call", "id", "so-status") or {"GET", "HEAD", "--head"} & {*words}
        if looks or "is-active" in words:
            return self.manager.run(*words, data=data)
        answer: Answer = self._deed(lambda: self.manager.run(*words, data=data))
        return answer


def wanted() -> Wanted:
    """The dashboards are many and alike."""
    return Wanted(site="north", patience=0)


def install(machine: Machine) -> list[str]:
    """Install, and tell nobody."""
    return Install(machine, wanted()).install(lambda _: None)


def state(manager: Manager) -> tuple[object, object]:
    """Return all there is, but for the secret and the numbers of keys."""
    tree, world = manager.tree(), manager.world
    keys = world["es"].pop("key")
    valid = [{**key, "id": None} for key in keys if not key["invalidated"]]
    tree = {
        name: (mode, content if not name.endswith(".api-key") else None)
        for name, (mode, content) in tree.items()
    }
    return tree, (world, valid)


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are looked for on PATH."""
    there = Manager(tmp_path / "programs")
    monkeypatch.setenv("PATH", there.environment["PATH"])


@pytest.mark.parametrize("offset", OFFSETS)
def test_killed_and_repeated(tmp_path: Path, offset: int) -> None:
    """The end is the same as that of an install that nobody disturbed; so is that of uninstall."""
    undisturbed = Manager(tmp_path / "undisturbed")
    empty = state(undisturbed)
    whole = Mortal(undisturbed)
    assert install(whole) == []
    expected = state(undisturbed)
    tried = 0
    for moment in range(1 + offset, whole.deeds + 1, APART * len(OFFSETS)):
        for again in (True, False):
            manager = Manager(tmp_path / f"{moment}-{again}")
            with pytest.raises(KilledError):
                install(Mortal(manager, moment))
            if again:
                assert install(Mortal(manager)) == [], moment
                assert state(manager) == expected, moment
            left = Install(Mortal(manager), wanted()).uninstall(lambda _: None)
            assert left == [], moment
            assert state(manager) == empty, moment
            tried += 1
    assert tried


def test_uninstall_killed_and_repeated(tmp_path: Path) -> None:
    """Nothing is left in the end."""
    for moment in count(5, APART * 2 if APART > 1 else 3):
        manager = Manager(tmp_path / str(moment))
        empty = state(manager)
        assert install(Mortal(manager)) == []
        try:
            Install(Mortal(manager, moment), wanted()).uninstall(lambda _: None)
        except KilledError:
            assert Install(Mortal(manager), wanted()).uninstall(lambda _: None) == [], moment
            assert state(manager) == empty, moment
        else:
            assert moment > 5
            break
