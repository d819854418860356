"""What the installer has done, so that it can go on, be checked and be undone.

A step notes what it is about to do before it does it. So whatever moment it was broken off at, the
journal names at least everything that is there of ours.
"""

from __future__ import annotations

import json
from typing import Any

from wardwatch.securityonion import SecurityOnionError
from wardwatch.securityonion.machine import Machine

HOME = "/opt/iomt"  # Salt and soup leave it alone
FILE = f"{HOME}/install.json"
FORM = 1


class Journal:
    """The notes of each step, in one file of the manager."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.steps: dict[str, dict[str, Any]] = {}
        content = machine.read(FILE)
        if content is None:
            return
        try:
            known = json.loads(content)
            if known["form"] != FORM:
                raise ValueError(f"its form is {known['form']}, this release knows {FORM}")
            self.steps = known["steps"]
        except (ValueError, KeyError, TypeError) as error:
            raise SecurityOnionError(
                f"{FILE}: cannot be read ({error}), so nothing is known of an earlier install: use "
                "the release that wrote it, or restore it from a backup"
            ) from None

    def note(self, step: str, **known: object) -> None:
        """Note something of a step, and keep it."""
        self.steps.setdefault(step, {}).update(known)
        self._keep()

    def forget(self, step: str) -> None:
        """Drop the notes of a step of which nothing is left."""
        if self.steps.pop(step, None) is not None:
            self._keep()

    def of(self, step: str) -> dict[str, Any]:
        """Return the notes of a step; empty where it was never begun."""
        return self.steps.get(step, {})

    def _keep(self) -> None:
        if not self.steps:
            self._machine.remove(FILE)
            self._machine.remove_empty(HOME)
            return
        text = json.dumps({"form": FORM, "steps": self.steps}, indent=1, sort_keys=True)
        self._machine.write(FILE, text.encode(), 0o600)
