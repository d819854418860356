"""systemd's units: sound, hardened, and the connector works within what they allow."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from wardwatch.running import service
from wardwatch_enrichment import finding as findings

UNITS = Path(service.__file__).parents[1] / "systemd"
SERVICES = ("wardwatch", "wardwatch-feeds", "wardwatch-backup")
EXPOSURE = 20  # of 100; systemd calls everything below 50 fine
HOSPITAL = Path(__file__).parents[2] / "examples" / "hospital"
# What is set up around the process, where there is no systemd to do it. `opened` comes first.
CONFINED = """
mount --bind {state} {state}
for at in $(findmnt -rno TARGET | grep -v -e '^/proc' -e '^/dev' -e '^/sys' -e '^{state}$'); do
    mount -o remount,bind,ro "$at"
done
touch {home}/probe && exit 3
ip link set lo up
ulimit -v {memory}
umask 0077
exec setpriv --reuid 65534 --regid 65534 --groups {group} --no-new-privs --bounding-set=-all \
    --inh-caps=-all strace -f -qq -o {state}/calls \
    {python} -m wardwatch.cli run --once --config {home}/north.toml
"""
LOGS_GROUP = 4711


def written(directory: Path) -> None:
    """Write the units as `wardwatch units` does, with a drop-in of all that a site may need."""
    subprocess.run(
        [sys.executable, "-m", "wardwatch.cli", "units", str(directory)],
        check=True,
        capture_output=True,
    )
    example = directory / "wardwatch@.service.d/site.conf.example"
    example.rename(example.with_suffix(""))
    for unit in directory.glob("*@.*"):
        if unit.is_file():
            shutil.copy(unit, directory / unit.name.replace("@.", "@north."))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="units not checked: no systemd")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """No word in them or in a site's drop-in is unknown to it, and they give little away."""
    written(tmp_path)
    units = sorted(str(unit) for unit in tmp_path.glob("*@north.*"))
    assert len(units) == 5
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units],
        capture_output=True, text=True, check=False,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")
    for name in SERVICES:
        told = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}",
             "--no-pager", str(tmp_path / f"{name}@north.service")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout.splitlines()[-1]


def test_the_program_is_where_it_is_installed(tmp_path: Path) -> None:
    """Nothing is left of where it is only supposed to be; and no directory is made up."""
    written(tmp_path)
    for name in SERVICES:
        text = (tmp_path / f"{name}@.service").read_text()
        (start,) = re.findall(r"^ExecStart=.*?(/\S+/wardwatch) ", text, re.MULTILINE)
        assert os.access(start, os.X_OK)
        assert "/opt/wardwatch" not in text
    told = subprocess.run(
        [sys.executable, "-m", "wardwatch.cli", "units", str(tmp_path / "none")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "is no directory; give /etc/systemd/system" in told.stderr


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a directory into which another user can look, other than in those of tests."""
    with TemporaryDirectory(dir="/var/tmp") as directory:
        made = Path(directory)
        made.chmod(0o755)
        yield made


def prepared(home: Path) -> Path:
    """Make logs that only a group may read, and a place to write; return the latter."""
    state, logs = home / "state", home / "logs"
    state.mkdir()
    shutil.copytree(HOSPITAL, logs)
    (home / "north.toml").write_text(
        f'[site]\nname = "north"\n[store]\nfile = "{state}/north.db"\n[run]\nlogs = ["{logs}"]\n'
    )
    os.chown(state, 65534, 65534)
    state.chmod(0o700)
    for path in (logs, *logs.rglob("*")):
        os.chown(path, 0, LOGS_GROUP)
        path.chmod(0o750 if path.is_dir() else 0o640)
    return state


def opened(home: Path) -> str:
    """Return what shows another user the program where that lies below somebody's own directory."""
    below: defaultdict[Path, set[Path]] = defaultdict(set)
    for path in map(Path, (sys.prefix, sys.base_prefix, service.__file__, findings.__file__)):
        closed = [at for at in path.parents if not at.stat().st_mode & 0o001]
        if closed:
            below[closed[-1]].add(path.parents[2] if path.is_file() else path)
    lines = ["set -e"]
    for number, (closed_at, paths) in enumerate(below.items()):
        stage = home / f"open{number}"
        for path in sorted(paths):
            shown = stage / path.relative_to(closed_at)
            lines += [f"mkdir -p {shown}", f"mount --bind {path} {shown}"]
        lines.append(f"mount --rbind {stage} {closed_at}")
    return "\n".join(lines)


def allowed() -> set[str]:
    """Return the system calls that the unit's filter lets pass, as systemd knows them."""
    text = (UNITS / "wardwatch@.service").read_text()
    passing: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.*)", text, re.MULTILINE):
        names = expanded(line.removeprefix("~").split())
        passing = passing - names if line.startswith("~") else passing | names
    return passing | expanded(["@default"])  # those pass always


def expanded(names: list[str]) -> set[str]:
    """Replace systemd's sets of calls by the calls."""
    found: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        shown = subprocess.run(
            ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
        ).stdout.splitlines()[1:]
        inner = [line.strip() for line in shown]
        found |= expanded([line for line in inner if line and not line.startswith("#")])
    return found


def test_it_works_within_what_the_unit_allows(home: Path) -> None:
    """No root, no capability, a system that is read-only, no network, little memory, few calls."""
    needed = ("unshare", "setpriv", "findmnt", "strace", "systemd-analyze")
    missing = [program for program in needed if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"not confined: needs root and {', '.join(missing) or 'nothing else'}")
    state = prepared(home)
    script = opened(home) + CONFINED.format(
        home=home, state=state, group=LOGS_GROUP, memory=2 << 20, python=sys.executable
    )
    done = subprocess.run(
        ["unshare", "--mount", "--net", "--ipc", "--uts", "sh", "-c", script],
        capture_output=True, text=True, check=False, cwd=home,
    )  # fmt: skip
    if "unshare failed" in done.stderr:
        pytest.skip(f"not confined: namespaces are not allowed here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    (summary,) = (line for line in done.stderr.splitlines() if '"summary"' in line)
    assert "57 devices" in json.loads(summary)["message"]
    calls = (state / "calls").read_text()
    made = set(re.findall(r"^\d+ +(\w+)\(", calls, re.MULTILINE))
    assert "pwrite64" in made
    assert made <= allowed()
    assert "PROT_WRITE|PROT_EXEC" not in calls  # MemoryDenyWriteExecute
    assert {path.stat().st_mode & 0o777 for path in state.iterdir()} == {0o600}
