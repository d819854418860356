"""A setting in a pillar file of the site's own: the step that puts it in and takes it out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wardwatch.securityonion import SecurityOnionError, sls
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.step import AGAIN, Act, Standing, Step

APPLY = ("salt-call", "state.apply", "soc", "queue=True")


class Setting(Step):
    """A setting that nobody else has; a dictionary goes in beside what others have."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        machine: Machine,
        journal: Journal,
        name: str,
        file: str,
        path: sls.Path,
        value: Any,
        by_web: str | None = None,
    ) -> None:
        super().__init__(machine, journal)
        self.name, self.file, self.path, self.value = name, file, path, value
        self.by_web = by_web  # where the web interface keeps the same; a list there counts no more
        self.title = f"setting {':'.join(path)}"

    def acts(self) -> Iterator[Act]:
        """Tell the setting."""
        told = ", ".join(self.value) if isinstance(self.value, dict) else self.value
        yield Act("edit", f"{self.file}: {':'.join(self.path)} = {told}")
        yield Act("command", " ".join(APPLY))

    def obstacles(self) -> Iterator[str]:
        """Tell what keeps it from being put in."""
        try:
            if not self._there():
                if self.by_web and sls.get(self.machine.text(self.by_web) or "", self.path):
                    raise sls.HandEditError(f"{self.by_web} has one, which this would replace")
                self._put(self._base())
        except sls.HandEditError as error:
            yield self._by_hand(error)

    def standings(self) -> Iterator[Standing]:
        """Look whether it is there."""
        try:
            if self._there():
                yield Standing("ok", f"{self.file}: {':'.join(self.path)}")
            elif self.notes:
                yield Standing("changed", f"{self.file}: {':'.join(self.path)}", AGAIN)
            else:
                yield Standing("missing", f"{self.file}: {':'.join(self.path)}", AGAIN)
        except sls.HandEditError as error:
            yield Standing("unknown", self.file, self._by_hand(error))

    def do(self) -> None:
        """Put it in; one of an earlier release goes out first."""
        try:
            if self._there():
                self._apply()
                return
            before = self.machine.text(self.file)
            if self.notes.get("after") not in (None, before) and before is not None:
                before = self._base()
            elif self.notes.get("after") is not None:
                before = self.notes["before"]
            after, lines = self._put(before or "")
        except sls.HandEditError as error:
            raise SecurityOnionError(self._by_hand(error)) from None
        self.note(before=before, after=after, lines=lines)
        self.machine.write(self.file, after.encode())
        self._apply()

    def _apply(self) -> None:
        self.note(done=False)
        answer = self.machine.run(*APPLY)
        if answer.status:
            raise SecurityOnionError(f"{' '.join(APPLY)}: failed: {answer.said}")
        self.note(done=True)

    def undo(self) -> Iterator[str]:
        """Give the file back as it was, or take out what is ours where it was changed since."""
        now = self.machine.text(self.file)
        if "after" not in self.notes:
            if self._by_others():
                yield f"{self.file}: take {':'.join(self.path)} out by hand, where it was put so"
            return
        if now is None or now == self.notes["before"]:
            return
        try:
            before = self.notes["before"] if now == self.notes["after"] else self._without(now)
        except sls.HandEditError as error:
            yield f"{self.file}: take {':'.join(self.path)} out by hand: {error}"
            return
        if before is None:
            self.machine.remove(self.file)
        else:
            self.machine.write(self.file, before.encode())
        self.machine.run(*APPLY)

    def _there(self) -> bool:
        try:
            found = sls.get(self.machine.text(self.file) or "", self.path)
        except sls.HandEditError:
            found = self._rendered()
            if found is None:
                raise
        if isinstance(self.value, list):
            other = sls.get(self.machine.text(self.by_web) or "", self.path) if self.by_web else ()
            return all(one in (found or other or ()) for one in self.value)
        if isinstance(self.value, dict) and isinstance(found, dict):
            return all(found.get(key) == value for key, value in self.value.items())
        return bool(found == self.value)

    def _by_others(self) -> bool:
        try:
            return self._there()
        except sls.HandEditError:
            return False

    def _rendered(self) -> Any:
        """Return the setting as Salt has it, where somebody has put it in by hand."""
        words = ("salt-call", "-lerror", "--no-color", "pillar.get", ":".join(self.path))
        try:
            found = json.loads(self.machine.run(*words, "--out=json").out)["local"]
        except (ValueError, KeyError, TypeError):
            return None
        wanted = self.value.keys() if isinstance(self.value, dict) else self.value
        return found if found and all(one in found for one in wanted) else None

    def _base(self) -> str:
        """Return the file without what an earlier attempt or release has put in."""
        now = self.machine.text(self.file)
        if now is not None and "after" in self.notes and now != self.notes["before"]:
            return self.notes["before"] or "" if now == self.notes["after"] else self._without(now)
        return now or ""

    def _put(self, text: str) -> tuple[str, str]:
        return sls.put(text, self.path, self.value)

    def _without(self, text: str) -> str:
        return sls.take_out(text, self.notes["lines"])

    def _by_hand(self, error: Exception) -> str:
        lines = sls.put("", self.path, self.value)[1].rstrip()
        return f"{self.file}: {error}, so it is left alone; add by hand:\n{lines}"
