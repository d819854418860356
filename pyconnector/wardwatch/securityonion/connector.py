"""Steps: the connector on the manager, run by systemd as a user of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from wardwatch.securityonion import SecurityOnionError
from wardwatch.securityonion.grid import Grid
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine, digest
from wardwatch.securityonion.step import AGAIN, Act, Files, Standing, Step

SHIPPED = "/opt/wardwatch/bin/wardwatch"  # where the program is in the units as they are shipped
UNITS = "/etc/systemd/system"
STATE = "/var/lib/wardwatch"
USER = "wardwatch"
GROUP = 939  # socore: Security Onion gives it the logs of Zeek and Suricata
AUTHORITY = "/etc/pki/ca.crt"
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108  from the units


def program() -> str | None:
    """Return the program that systemd can start: the one that is running."""
    return shutil.which("wardwatch", path=str(Path(sys.executable).parent))


class Account(Step):
    """The user of the connector."""

    name, title = "account", "user of the connector"

    def acts(self) -> Iterator[Act]:
        """Tell the command."""
        yield Act("command", " ".join(self._words()))

    def standings(self) -> Iterator[Standing]:
        """Look whether there is one."""
        there = self._there()
        yield Standing("ok" if there else "missing", f"user {USER}", "" if there else AGAIN)

    def do(self) -> None:
        """Make one, unless there is one."""
        if not self._there():
            self.note(made=True)
            answer = self.machine.run(*self._words())
            if answer.status:
                raise SecurityOnionError(f"useradd: failed: {answer.said}")
        self.note(done=True)

    def undo(self) -> Iterator[str]:
        """Remove the user, unless a database is left, which would then be nobody's."""
        if self.machine.path(STATE).exists():
            yield f"{STATE}: holds inventory and register, and is kept with its user {USER}"
        elif self.notes.get("made") and self._there():
            answer = self.machine.run("userdel", USER)
            if answer.status:
                yield f"user {USER}: userdel failed: {answer.said}"

    def _there(self) -> bool:
        return self.machine.run("id", "-u", USER).status == 0

    def _words(self) -> tuple[str, ...]:
        home = ("--home-dir", STATE, "--shell", "/usr/sbin/nologin")
        return ("useradd", "--system", *home, USER)


class Settings(Files):
    """The connector's settings: ours until the site changes them, then the site's."""

    title = "settings of the connector"

    def __init__(
        self, machine: Machine, journal: Journal, grid: Grid, site: str, index: str
    ) -> None:
        super().__init__(machine, journal)
        self.name, self.file = f"settings {site}", f"/etc/wardwatch/{site}.toml"
        self.grid, self.site, self.index = grid, site, index

    def content(self) -> Mapping[str, bytes]:
        """Return the file."""
        logs = ["/nsm/zeek/logs/current"] if self.grid.engine == "ZEEK" else []
        followed = ", ".join(f'"{name}"' for name in (*logs, "/nsm/suricata"))
        source = f"logs = [{followed}]"
        if self.grid.role not in ("standalone", "eval"):  # the logs are on the sensors
            source = 'elasticsearch = ["logs-zeek-so", "logs-suricata*"]'
        text = f"""\
# Written by `wardwatch securityonion install`, from now on yours; `wardwatch config` shows all.
[site]
name = "{self.site}"
sensor = "{self.grid.host}"

[store]
file = "{STATE}/{self.site}.db"

[elasticsearch]
url = "https://{self.grid.host}:9200"
ca_file = "{AUTHORITY}"
index = "{self.index}"

[run]
{source}
publish = true
health = "127.0.0.1:9477"
"""
        return {self.file: text.encode()}

    def standings(self) -> Iterator[Standing]:
        """Look whether there are some; what a site changed is its own."""
        there = self.machine.read(self.file) is not None
        yield Standing("ok" if there else "missing", self.file, "" if there else AGAIN)

    def do(self) -> None:
        """Write them, unless the site has changed them since."""
        found = self.machine.read(self.file)
        known = self.notes.get("files", {}).get(self.file, "")
        if found is None or digest(found) in known.split():
            super().do()
        self.note(done=True)


class Units(Files):
    """systemd's units, and what the site's own one may read and reach."""

    def __init__(self, machine: Machine, journal: Journal, grid: Grid, site: str) -> None:
        super().__init__(machine, journal)
        self.name, self.title, self.grid, self.site = f"units {site}", "systemd's units", grid, site
        self.watched = (
            f"wardwatch@{site}.service",
            f"wardwatch-feeds@{site}.timer",
            f"wardwatch-backup@{site}.timer",
        )

    def content(self) -> Mapping[str, bytes]:
        """Return the units for the program that is running."""
        own = f"""\
[Service]
# Security Onion's group, which has the logs
SupplementaryGroups={GROUP}
# Elasticsearch on this machine answers at its address, for which its certificate is
IPAddressAllow={self.grid.address}
LoadCredential=api-key:/etc/wardwatch/{self.site}.api-key
Environment=WARDWATCH_ELASTICSEARCH_API_KEY_FILE=%d/api-key
"""
        units = {
            f"{UNITS}/{unit.name}": unit.read_text().replace(SHIPPED, program() or SHIPPED).encode()
            for unit in (files("wardwatch") / "systemd").iterdir()
            if unit.name.startswith("wardwatch")
        }
        dropped = f"{UNITS}/wardwatch@{self.site}.service.d/securityonion.conf"
        return {**dict(sorted(units.items())), dropped: own.encode()}

    def acts(self) -> Iterator[Act]:
        """Tell files and commands."""
        yield from super().acts()
        yield Act("command", "systemctl daemon-reload")
        yield Act("command", f"systemctl enable --now {' '.join(self.watched)}")

    def obstacles(self) -> Iterator[str]:
        """Tell what is in the way, and a program that systemd could not start."""
        yield from super().obstacles()
        found = program()
        if found is None:
            yield f"{Path(sys.executable).parent}: holds no program wardwatch; install it with pip"
        elif str(self.machine.root) == "/" and found.startswith(_HIDDEN):
            yield f"{found}: units see nothing below {', '.join(_HIDDEN)}; install it elsewhere"

    def standings(self) -> Iterator[Standing]:
        """Compare the files, and ask systemd."""
        yield from super().standings()
        for unit in self.watched:
            answer = self.machine.run("systemctl", "is-active", unit)
            if answer.status == 0:
                yield Standing("ok", f"{unit} is active")
            else:
                remedy = f"`systemctl status {unit}` says why; then `systemctl enable --now {unit}`"
                yield Standing("missing", f"{unit} is {answer.out.strip() or 'unknown'}", remedy)

    def do(self) -> None:
        """Write them and start them."""
        super().do()
        self.note(done=False, watched=list(self.watched))
        self._systemctl("daemon-reload")
        self._systemctl("enable", "--now", *self.watched)
        self.note(done=True)

    def undo(self) -> Iterator[str]:
        """Stop them and remove them."""
        for unit in self.notes.get("watched", ()):
            self._systemctl("disable", "--now", unit)
        yield from super().undo()
        self._systemctl("daemon-reload")

    def _systemctl(self, *words: str) -> None:
        answer = self.machine.run("systemctl", *words)
        if answer.status:
            raise SecurityOnionError(f"systemctl {words[0]}: failed: {answer.said}")
