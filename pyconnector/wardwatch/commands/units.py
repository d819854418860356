"""`units`: let systemd run the connector, the feeds and the backups of each site."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from importlib.resources import files
from pathlib import Path

from rich.text import Text

from wardwatch.commands import CommandError, Verb, complain, show
from wardwatch.config import Config
from wardwatch.outputs.terminal import safe

SHIPPED = "/opt/wardwatch/bin/wardwatch"  # where the program is in the units as they are shipped
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108  from the units
NEXT = """Once, as root:
  useradd --system --home-dir /var/lib/wardwatch --shell /usr/sbin/nologin wardwatch
  install -d -g wardwatch -m 0750 /etc/wardwatch
For a site, here north, whose settings are /etc/wardwatch/north.toml:
  [store] file = "/var/lib/wardwatch/north.db" in them: nothing else can be written to
  systemctl edit wardwatch@north      # see site.conf.example: who may read the logs, where
                                      # Elasticsearch is, and where its key
  systemctl daemon-reload
  systemctl enable --now wardwatch@north wardwatch-feeds@north.timer wardwatch-backup@north.timer
  journalctl --unit wardwatch@north --output cat
  sudo -u wardwatch {program} status --config /etc/wardwatch/north.toml"""


def add(verb: Verb) -> None:
    """Tell the command line of this command."""
    made = verb(
        "units",
        units,
        "write systemd's units for `run`, the feeds and the backups into a directory",
        "wardwatch units /etc/systemd/system",
    )
    made.add_argument("directory", type=Path, metavar="DIRECTORY", help="where systemd reads them")


def units(options: Namespace, _: Config) -> int:
    """Write them for the program that is running."""
    program = shutil.which("wardwatch", path=str(Path(sys.executable).parent))
    if program is None:
        raise CommandError(
            f"{Path(sys.executable).parent}: holds no program wardwatch that systemd could start; "
            "install the package with pip"
        )
    directory: Path = options.directory
    if not directory.is_dir():
        raise CommandError(f"{directory}: is no directory; give /etc/systemd/system")
    written = []
    for unit in sorted(files("wardwatch").joinpath("systemd").iterdir(), key=lambda one: one.name):
        own = f"wardwatch@.service.d/{unit.name}.example" if unit.name == "site.conf" else unit.name
        (directory / own).parent.mkdir(exist_ok=True)
        (directory / own).write_text(unit.read_text().replace(SHIPPED, program))
        written.append(own)
    if program.startswith(HIDDEN):
        complain(f"{program}: units see nothing below {', '.join(HIDDEN)}; install it elsewhere")
    told = f"Wrote {', '.join(written)} for {program}.\n{NEXT.format(program=program)}"
    show(Text(safe(line)) for line in told.splitlines())
    return 0
