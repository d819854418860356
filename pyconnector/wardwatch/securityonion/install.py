"""The list of steps, in their order, and what walks it: plan, install, verify, uninstall.

Pipelines come before the scripts whose logs need them, and the scripts before the setting that
loads them. https://docs.securityonion.net; what is relied on is checked on site, or told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

import yaml

from wardwatch.outputs.elasticsearch_role import rights
from wardwatch.outputs.elasticsearch_settings import DEFAULT_INDEX, ElasticsearchError
from wardwatch.securityonion import SecurityOnionError, elastic, suricata
from wardwatch.securityonion.access import ApiKey, Role
from wardwatch.securityonion.connector import Account, Settings, Units
from wardwatch.securityonion.dashboards import Dashboards
from wardwatch.securityonion.grid import Grid, look
from wardwatch.securityonion.indices import Templates
from wardwatch.securityonion.ingest import Pipelines
from wardwatch.securityonion.journal import FILE, Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.setting import Setting
from wardwatch.securityonion.step import Act, Standing, Step
from wardwatch.securityonion.zeek import Load, Scripts

SELF = "install"  # what the journal has of the whole
PARTS = ("zeek", "rules", "dashboards", "soc", "connector")
# What no program here can see.
ON_SITE = (
    "a new device: its rows arrive as zeek.iomt_asset within some minutes (Hunt: tags:iomt_asset)",
    "imported captures: so-import-pcap loads local.zeek alone, so that they have no rows of ours",
    "rules: Detections has them at its next sync, or by Options, Suricata, FULL UPDATE",
    "analysts: their role sees logs-iomt_*, and the dashboards (Medical devices: …)",
    "sensors: loss (Zeek's capture_loss) is as before; `wardwatch status` tells it as well",
)

_FAULTS = (SecurityOnionError, ElasticsearchError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be installed: for which site, into which index, and which parts not."""

    site: str | None = None
    index: str = DEFAULT_INDEX
    policy: str = ""
    report: str | None = None
    without: tuple[str, ...] | None = None
    patience: int = 300


class Install:
    """One manager, and the steps for it."""

    def __init__(self, machine: Machine, wanted: Wanted) -> None:
        self.machine, self.wanted, self.journal = machine, wanted, Journal(machine)
        known = self.journal.of(SELF)
        self.site = known.get("site") or wanted.site or "default"
        self.index = known.get("index") or wanted.index
        self.without = wanted.without if wanted.without is not None else known.get("without", ())
        if wanted.site not in (None, self.site):
            raise SecurityOnionError(
                f"{FILE}: site {self.site} is installed here; a manager is one site"
            )
        self.grid: Grid = look(machine)

    def left_out(self) -> Iterator[str]:
        """Tell what is not part of it here, and why."""
        if self.grid.engine == "SURICATA":
            yield "Zeek's scripts and pipelines: Suricata writes the metadata; its EVE is read"
        elif not self.grid.scripts:
            yield f"Zeek's scripts and pipelines: they need Zeek 8, sensors have {self.grid.zeek}"
        yield from (f"{part}: by --without" for part in self.without)

    def steps(self, *, all_: bool = False) -> list[Step]:
        """Return the steps for this grid, or all that there may be notes of."""
        machine, journal, grid, wanted = self.machine, self.journal, self.grid, self.wanted
        site, index = self.site, self.index
        client = elastic.connect(machine)
        body = rights(index)
        zeek, parts = grid.scripts, {part: part not in self.without for part in PARTS}
        known: list[tuple[bool, Step]] = [
            (True, Templates(machine, journal, client, index, wanted.policy)),
            (parts["connector"], Role(machine, journal, client, body)),
            (parts["connector"], ApiKey(machine, journal, client, site, body)),
            (zeek and parts["zeek"], Pipelines(machine, journal, client)),
            (zeek and parts["zeek"], Scripts(machine, journal, grid)),
            (zeek and parts["zeek"], Load(machine, journal, wanted.patience)),
            (parts["rules"], suricata.Rules(machine, journal, grid)),
            (parts["rules"] and suricata.by_setting(machine, grid), self._named_rules()),
            (parts["dashboards"], Dashboards(machine, journal, wanted.report)),
            (zeek and parts["soc"], self._columns()),
            (parts["connector"], Account(machine, journal)),
            (parts["connector"], Settings(machine, journal, grid, site, index)),
            (parts["connector"], Units(machine, journal, grid, site)),
        ]
        return [step for chosen, step in known if chosen or (all_ and step.notes)]

    def plan(self) -> Iterator[tuple[Step, Act]]:
        """Yield everything that `install` does, in its order. Nothing is changed."""
        for step in self.steps():
            yield from ((step, act) for act in step.acts())

    def obstacles(self) -> list[str]:
        """Return everything that forbids to begin. Nothing is changed."""
        found = list(self.grid.doubts)
        if found:
            return found
        for step in self.steps():
            try:
                found += step.obstacles()
            except _FAULTS as error:
                found.append(f"{step.title}: {error}")
        return found

    def install(self, told: Callable[[str], None]) -> list[str]:
        """Carry it out; return what failed, what was done about it and what is there."""
        if found := self.obstacles():
            return [*found, "Nothing was changed."]
        self.journal.note(SELF, site=self.site, index=self.index, without=list(self.without))
        done: list[Step] = []
        for step in self.steps():
            try:
                if self._stands(step):
                    told(f"{step.title}: is there already")
                else:
                    step.do()
                    told(f"{step.title}: done")
            except _FAULTS as error:
                return self._failed(step, error, done)
            done.append(step)
        return []

    def verify(self) -> Iterator[Standing]:
        """Yield how everything stands, also what an earlier release has left. Changes nothing."""
        for doubt in self.grid.doubts:
            yield Standing("unknown", doubt, "mend this first")
        code = self.machine.run("so-status", "-q").status if self.machine.has("so-status") else None
        yield Standing("ok" if code == 0 else "unknown", "so-status", "" if code == 0 else "see it")
        for step in self.steps():
            try:
                yield from step.standings()
                yield from (
                    Standing("changed", f"{step.title}: {o}", "see there")
                    for o in self._doubted(step)
                )
            except _FAULTS as error:
                yield Standing("unknown", f"{step.title}: {error}", "mend this, then verify again")

    def uninstall(self, told: Callable[[str], None]) -> list[str]:
        """Take everything back, the last first; return what had to be left, and why."""
        left: list[str] = []
        for step in reversed(self.steps(all_=True)):
            if not step.notes:
                continue
            kept = self._undone(step)
            if kept:
                left += kept
            else:
                self.journal.forget(step.name)
                told(f"{step.title}: removed")
        if not left:
            self.journal.forget(SELF)
        return left

    def _stands(self, step: Step) -> bool:
        """Say whether a step was done to its end and nothing of it has changed."""
        if not step.notes.get("done"):
            return False
        return all(one.word == "ok" for one in step.standings())

    def _doubted(self, step: Step) -> Iterable[str]:
        """Return what would forbid a step now that it is there: an upgrade may have brought it."""
        return step.obstacles() if step.notes and not self.grid.doubts else ()

    def _undone(self, step: Step) -> list[str]:
        try:
            return list(step.undo())
        except _FAULTS as error:
            return [f"{step.title}: {error}"]

    def _failed(self, step: Step, error: Exception, done: list[Step]) -> list[str]:
        told = [f"{step.title}: {error}"]
        left = self._undone(step)
        if left:
            told += [f"it could not be taken back: {one}" for one in left]
        else:
            self.journal.forget(step.name)
            told.append("what this step had done was taken back")
        if done:
            told.append(f"there already: {', '.join(one.title for one in done)}")
        told.append(
            "Mend this and run `wardwatch securityonion install` again, or `uninstall` what is "
            f"there; {FILE} has the list."
        )
        return told

    def _columns(self) -> Setting:
        text = (files("wardwatch.securityonion") / "columns.yaml").read_text(encoding="utf-8")
        path = ("soc", "config", "eventFields")
        known = yaml.safe_load(text)
        return Setting(self.machine, self.journal, "columns", suricata.PILLAR, path, known)

    def _named_rules(self) -> Setting:
        path, value = suricata.SETTING, [suricata.RULESET]
        return Setting(
            self.machine, self.journal, "ruleset", suricata.PILLAR, path, value, suricata.BY_WEB
        )
