"""Steps: the Zeek scripts on the manager, and the setting by which the sensors load them.

A script that does not parse stops the sensor. So they are parsed first, in the very image that the
sensors run, together with what the site loads as far as this node has that.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from wardwatch.securityonion import SecurityOnionError, sls
from wardwatch.securityonion.grid import DEFAULT, LOCAL, SENSORS, Grid
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.step import AGAIN, Act, Files, Standing, Step

NAME = "custom/iomt"  # as Zeek loads it
SCRIPTS = f"{LOCAL}/salt/zeek/policy/{NAME}"
COPIES = f"/opt/so/conf/zeek/policy/{NAME}"  # where Salt puts them on each sensor
PILLAR = f"{LOCAL}/pillar/zeek/adv_zeek.sls"
SETTING = ("zeek", "config", "zeekctl", "SitePolicyScripts")

_JINJA = re.compile(rb"\{\{|\{%|\{#|\}\}|%\}|#\}")
_CONF = "/opt/so/conf/zeek"
_IN = "/opt/zeek/share/zeek"


def directory(name: str) -> Path:
    """Return what is shipped beside the code: in the installed package, or in the checkout."""
    shipped = Path(str(files("wardwatch"))) / name
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[3] / name


def scripts() -> dict[str, bytes]:
    """Return the scripts by their paths below the directory that Zeek loads."""
    base = directory("zeek-scripts")
    found = sorted(p for p in base.rglob("*") if p.suffix in (".zeek", ".sig"))
    return {str(path.relative_to(base)): path.read_bytes() for path in found}


class Scripts(Files):
    """The scripts where Salt takes them from; sensors load them only with the next step."""

    name, title, own = "scripts", "Zeek scripts", SCRIPTS

    def __init__(self, machine: Machine, journal: Journal, grid: Grid) -> None:
        super().__init__(machine, journal)
        self.grid = grid

    def content(self) -> Mapping[str, bytes]:
        """Return the scripts."""
        return {f"{SCRIPTS}/{name}": content for name, content in scripts().items()}

    def acts(self) -> Iterator[Act]:
        """Tell the files, and what is tried before."""
        yield Act("command", "docker run … so-zeek … -a (parses the scripts; nothing is changed)")
        yield from super().acts()

    def obstacles(self) -> Iterator[str]:
        """Tell what is in the way, and whether Salt or Zeek cannot read the scripts."""
        yield from super().obstacles()
        for name, content in scripts().items():
            if _JINJA.search(content):
                yield f"{name}: Salt would take it for a template; this release cannot be installed"
        yield from self._unparsed()

    def do(self) -> None:
        """Write them; sensors that had others have to load them anew."""
        if self.journal.of(Load.name):
            self.journal.note(Load.name, done=False)
        super().do()

    def undo(self) -> Iterator[str]:
        """Remove them here and, for Salt never does, on the sensors."""
        yield from super().undo()
        told = _everywhere(self.machine, "cmd.run", f"rm -rf {COPIES}")
        if not told:
            yield f"no sensor has answered: on each, delete {COPIES} by hand"

    def _unparsed(self) -> Iterator[str]:
        """Let the sensors' own Zeek parse them."""
        with tempfile.TemporaryDirectory(prefix="wardwatch-") as made:
            staged = Path(made) / "custom"
            theirs = self.machine.path(f"{_CONF}/policy/custom")
            if theirs.is_dir():
                shutil.copytree(theirs, staged, symlinks=True)
                shutil.rmtree(staged / "iomt", ignore_errors=True)
            for name, content in scripts().items():
                path = staged / "iomt" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            for path in (Path(made), *Path(made).rglob("*")):  # Zeek there is another user
                path.chmod(0o755 if path.is_dir() else 0o644)
            answer = self.machine.run("docker", *self._parsing(staged))
        if answer.status:
            yield f"Zeek cannot parse the scripts, and a sensor would stop: {answer.said}"

    def _parsing(self, staged: Path) -> Iterator[str]:
        """Return the words of the command, with the places that so-import-pcap binds."""
        yield from ("run", "--rm", "--network", "none", "-v", f"{staged}:{_IN}/policy/custom:ro")
        places = {f"policy/{name}": f"policy/{name}" for name in ("securityonion", "intel")}
        places |= {"policy/cve-2020-0601": "policy/cve-2020-0601", "local.zeek": "site/local.zeek"}
        for place, inside in places.items():
            path = self.machine.path(f"{_CONF}/{place}")
            if path.exists():
                yield from ("-v", f"{path}:{_IN}/{inside}:ro")
        yield from ("--entrypoint", "/opt/zeek/bin/zeek", self.grid.image.format("zeek"), "-a")
        if self.machine.path(f"{_CONF}/local.zeek").exists():
            yield "local"
        yield NAME


class Load(Step):
    """The setting by which sensors load the scripts, and the moment at which they do."""

    name, title = "load", "loading the scripts on the sensors"

    def __init__(self, machine: Machine, journal: Journal, patience: int) -> None:
        super().__init__(machine, journal)
        self.patience = patience

    def acts(self) -> Iterator[Act]:
        """Tell the setting and the commands."""
        yield Act("edit", f"{PILLAR}: {':'.join(SETTING)} = {self._wanted()!r}")
        yield Act("command", f"salt -C '{SENSORS}' state.apply zeek queue=True (restarts Zeek)")
        yield Act("command", f"salt -C '{SENSORS}' cmd.run 'docker exec so-zeek … zeekctl status'")

    def obstacles(self) -> Iterator[str]:
        """Tell what keeps the setting from being made, and sensors that would not take it."""
        try:
            self._edited()
        except sls.HandEditError as error:
            yield self._by_hand(error)
        for name in self.machine.files(f"{LOCAL}/pillar/minions"):
            found = re.search(r"sitepolicyscripts\W+(.*)", self.machine.text(name) or "", re.I)
            if found and NAME not in found[1]:
                yield f"{name}: has a SitePolicyScripts of its own for its node; add {NAME} there"

    def standings(self) -> Iterator[Standing]:
        """Look at the setting, and at Zeek on every sensor."""
        try:
            there = self._now()
        except sls.HandEditError as error:
            yield Standing("unknown", PILLAR, self._by_hand(error))
            return
        if there is None or NAME not in there.split():
            yield Standing("missing", f"{PILLAR}: {':'.join(SETTING)} with {NAME}", AGAIN)
            return
        if not self.notes.get("done"):
            yield Standing("missing", "the sensors have not been told to load the scripts", AGAIN)
            return
        yield Standing("ok", f"{PILLAR}: {':'.join(SETTING)} = {there!r}")
        yield from self._sensors()

    def do(self) -> None:
        """Make the setting, have the sensors apply it, and see that Zeek runs on all of them."""
        try:
            before, (after, lines) = self.machine.text(PILLAR), self._edited()
        except sls.HandEditError as error:
            raise SecurityOnionError(self._by_hand(error)) from None
        if after != before:
            if "after" not in self.notes or before not in (
                self.notes["before"],
                self.notes["after"],
            ):
                self.note(before=before, after=after, lines=lines)
            self.machine.write(PILLAR, after.encode())
        self.note(done=False)
        self._apply()
        self._await()
        self.note(done=True)

    def undo(self) -> Iterator[str]:
        """Take the setting back and have the sensors apply that."""
        now = self.machine.text(PILLAR)
        if now is not None and "after" in self.notes and now != self.notes["before"]:
            try:
                before = self.notes["before"] if now == self.notes["after"] else self._without(now)
            except sls.HandEditError as error:
                yield f"{PILLAR}: take {NAME} out of {SETTING[-1]} by hand ({error})"
                return
            if before is None:
                self.machine.remove(PILLAR)
            else:
                self.machine.write(PILLAR, before.encode())
        elif NAME in str(self._now()).split():
            yield f"{PILLAR}: take {NAME} out of {SETTING[-1]} by hand, where it was put by hand"
            return
        self._apply()

    def _now(self) -> str | None:
        """Return the setting as this file has it."""
        try:
            found = sls.get(self.machine.text(PILLAR) or "", SETTING)
        except sls.HandEditError:  # if somebody has put it in by hand, Salt says so
            told = _everywhere(self.machine, "pillar.get", ":".join(SETTING)).values()
            if not told or not all(NAME in str(one).split() for one in told):
                raise
            return str(next(iter(told)))
        return None if found is None else str(found)

    def _wanted(self) -> str:
        """Return it with our scripts behind what loads now."""
        now = self._now()
        if now is None:
            other = f"{LOCAL}/pillar/zeek/soc_zeek.sls"  # what the web interface writes
            now = str(sls.get(self.machine.text(other) or "", SETTING) or self._default())
        return now if NAME in now.split() else f"{now} {NAME}"

    def _default(self) -> str:
        text = self.machine.text(f"{DEFAULT}/salt/zeek/defaults.yaml") or ""
        try:
            found: Any = yaml.safe_load(text)
            for key in SETTING:
                found = found[key]
        except (yaml.YAMLError, TypeError, KeyError):
            raise sls.HandEditError("what Zeek loads by default is not known") from None
        return str(found)

    def _edited(self) -> tuple[str, str]:
        """Return the file with the setting, and the lines that are new in it."""
        text, wanted = self.machine.text(PILLAR) or "", self._wanted()
        now = self._now()
        if now == wanted:
            return text, self.notes.get("lines", "")
        if now is None:
            return sls.put(text, SETTING, wanted)
        return sls.replace(text, SETTING, wanted), ""

    def _without(self, text: str) -> str:
        """Return a file that was changed since without our part."""
        if self.notes.get("lines"):
            return sls.take_out(text, self.notes["lines"])
        words = str(sls.get(text, SETTING) or "").split()
        if NAME not in words:
            return text
        return sls.replace(text, SETTING, " ".join(word for word in words if word != NAME))

    def _by_hand(self, error: Exception) -> str:
        return (
            f"{PILLAR}: {error}, so it is left alone; put {NAME} at the end of {':'.join(SETTING)} "
            "by hand (with what is loaded now, local.zeek by default, before it)"
        )

    def _apply(self) -> None:
        told = _everywhere(self.machine, "state.apply", "zeek", "queue=True")
        wrong = [f"{name}: {_failure(said)}" for name, said in told.items() if _failure(said)]
        if not told or wrong:
            raise SecurityOnionError(
                "Salt did not apply the state zeek: " + ("; ".join(wrong) or "no sensor answered")
            )

    def _await(self) -> None:
        """Wait until Zeek runs on all sensors."""
        until = time.monotonic() + self.patience
        while wrong := [one for one in self._sensors() if one.word != "ok"]:
            if time.monotonic() > until:
                raise SecurityOnionError(f"after {self.patience} seconds: {wrong[0].what}")
            time.sleep(min(10, self.patience))

    def _sensors(self) -> Iterator[Standing]:
        status = "docker exec so-zeek /opt/zeek/bin/zeekctl status"
        told = _everywhere(self.machine, "cmd.run", status)
        for name, said in told.items():
            lines = str(said).splitlines()[1:]
            running = bool(lines) and all(" running " in f"{line} " for line in lines)
            what = f"Zeek on {name} " + ("runs" if running else "does not run")
            remedy = f"see /nsm/zeek/spool and `{status}` there"
            yield Standing("ok" if running else "changed", what, "" if running else remedy)
        if not told:
            yield Standing("unknown", "no sensor has answered", "see `salt-run manage.status`")


def _everywhere(machine: Machine, *words: str) -> dict[str, Any]:
    """Have Salt do something on all sensors; return what each has answered."""
    answer = machine.run("salt", "-C", SENSORS, *words, "--out=json", "--static", "--no-color")
    try:
        told = json.loads(answer.out or "{}")
    except ValueError:
        raise SecurityOnionError(f"salt {words[0]}: cannot be understood: {answer.said}") from None
    return told if isinstance(told, dict) else {}


def _failure(said: object) -> str:
    """Return what went wrong with a state on one sensor; empty where all went well."""
    if not isinstance(said, dict) or not said:
        return str(said or "no answer")[:300]
    wrong = (one for one in said.values() if not isinstance(one, dict) or not one.get("result"))
    return next((str(one.get("comment") if isinstance(one, dict) else one) for one in wrong), "")
