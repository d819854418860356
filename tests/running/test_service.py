"""What a service manager, an operator and a log get from `run`: each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import product
from pathlib import Path

import pytest
from running.replay import bursts
from running.service import PATIENCE, Service, Start, command, write

from wardwatch import parsers
from wardwatch.store import Store

ROW = '{{"ts":{0},"uid":"C{0}","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.8","conn_state":"SF"}}\n'
PATIENT = "Mustermann Erika"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts the connector of a site, whose settings are written."""
    with ExitStack() as stack:

        def starting(site: str) -> Service:
            manager = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            manager.bind(str(tmp_path / f"{site}.sock"))
            stack.callback(manager.shutdown, socket.SHUT_RD)
            service = Service(tmp_path, site, manager)
            stack.callback(service.process.wait)
            stack.callback(service.process.kill)
            service.hears("READY=1")
            return service

        yield starting


def test_a_manager_hears_all_of_its_life(tmp_path: Path, start: Start) -> None:
    """Ready, alive, how it is; new settings; a stop. SIGHUP amidst the reading loses nothing."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "conn.log").write_text("".join(ROW.format(1000 + number) for number in range(40_000)))
    write(tmp_path, "north", logs)
    service = start("north")
    service.process.send_signal(signal.SIGHUP)
    reloading = service.hears("RELOADING=1").splitlines()
    since = time.monotonic_ns() // 1000 - int(reloading[1].removeprefix("MONOTONIC_USEC="))
    assert 0 <= since < PATIENCE * 1e6
    service.hears("READY=1")
    assert any(told == "WATCHDOG=1\nSTATUS=2 devices, 0 bytes wait" for told in service.told)
    assert service.stops() < PATIENCE
    service.hears("STOPPING=1")
    events = {line["event.action"]: line for line in service.logged()}
    assert list(events) == ["start", "summary", "reload", "stop"]
    assert "40000 rows in all" in str(events["stop"]["message"])
    names = "@timestamp log.level message event.action wardwatch.site service.name process.pid"
    for line in events.values():
        assert set(names.split()) <= set(line)
        assert (line["log.level"], line["wardwatch.site"]) == ("info", "north")


def test_broken_new_settings_leave_the_old_in_force(tmp_path: Path, start: Start) -> None:
    """Told each time, with what is wrong; and good ones are taken then."""
    logs, later = tmp_path / "logs", tmp_path / "later"
    for directory in (logs, later):
        directory.mkdir()
    (logs / "conn.log").write_text(ROW.format(1000))
    settings = write(tmp_path, "north", logs)
    service = start("north")
    for wrong, why in (
        ("[run\n", "is no TOML"),
        ("[run]\ninterval = 0\n", "run.interval: 0 does not fit"),
        (settings.read_text().replace("north", "south"), "can only change with a restart"),
    ):
        good = settings.read_text()
        settings.write_text(wrong)
        service.process.send_signal(signal.SIGHUP)
        assert why in str(service.logs(why)["message"])
        settings.write_text(good)
    with (logs / "conn.log").open("a") as log:
        log.write(ROW.format(1001))
    write(tmp_path, "north", later)
    (later / "conn.log").write_text(ROW.format(1002))
    time.sleep(1.5)  # a turn by the settings of before
    service.process.send_signal(signal.SIGHUP)
    service.logs("new settings are in force")
    time.sleep(1.5)
    service.stops()
    assert "3 rows in all" in str(service.logged()[-1]["message"])


@contextmanager
def silent_server() -> Iterator[int]:
    """Take connections and never answer, as a server does whose disk hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_it_stops_in_the_midst_of_work(tmp_path: Path, start: Start) -> None:
    """While it waits for a server that does not answer, and for another process's writing."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "conn.log").write_text(ROW.format(1000))
    with silent_server() as port:
        more = f'publish = true\n[elasticsearch]\nurl = "http://127.0.0.1:{port}"\n'
        write(tmp_path, "hanging", logs, more)
        hanging = start("hanging")
        write(tmp_path, "locked", logs)
        locked = start("locked")
        with closing(sqlite3.connect(tmp_path / "locked.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with (logs / "conn.log").open("a") as log:
                log.write(ROW.format(1001))
            time.sleep(2)
            for service in (hanging, locked):
                assert service.stops() < 8, service.log.read_text()
                assert service.logged()[-1]["event.action"] == "stop"
            service.logs("broken off")
    taken = subprocess.run(
        command(locked.settings, "--once"), capture_output=True, text=True, check=True
    )
    assert "1 rows in all" in taken.stderr


def identities(store: Store, site: str) -> list[tuple[object, ...]]:
    """Return what is known of the devices of a site, without what is made up for it."""
    return sorted(
        (
            str(d.manufacturer),
            str(d.model),
            str(d.serial_number),
            d.software_versions,
            d.macs,
            d.ips,
        )
        for d in store.devices(site)
    )


def test_two_sites_write_into_one_database(tmp_path: Path, start: Start) -> None:
    """At once, with nothing lost and nothing to complain of; none is followed twice."""
    sites = ("east", "west")
    for site in sites:
        (tmp_path / site).mkdir()
        (tmp_path / site / "conn.log").touch()
        write(tmp_path, site, tmp_path / site, db="both")
    services = [start(site) for site in sites]
    known_logs, total = parsers.load(), 0
    for burst in bursts(8):
        for site, (name, lines) in product(sites, burst.items()):
            with (tmp_path / site / name).open("a") as log:
                log.writelines(f"{line}\n" for line in lines)
        total += sum(len(lines) for name, lines in burst.items() if Path(name).stem in known_logs)
        time.sleep(0.2)
    again = subprocess.run(
        command(services[0].settings), capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    told = json.loads(again.stderr)
    assert f"process {services[0].process.pid} already runs" in told["message"]
    with Store(tmp_path / "both.db", read_only=True) as store:
        wait_for(lambda: all((store.health(site) or {})["rows"] == total for site in sites))
        for service in services:
            service.stops()
            assert {line["log.level"] for line in service.logged()} == {"info"}
        known = [identities(store, site) for site in sites]
    assert len(known[0]) > 40
    assert known[0] == known[1]


def wait_for(ready: Callable[[], bool]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_no_row_is_ever_logged(tmp_path: Path) -> None:
    """A bad line is named by its place and the reason; what it holds may be a patient's name."""
    logs = tmp_path / "logs"
    logs.mkdir()
    good = ROW.format(1000)
    bad = [good.replace("10.0.0.7", PATIENT), good.replace("1000,", f'"{PATIENT}",'), PATIENT]
    (logs / "conn.log").write_text("\n".join([good.strip(), *bad, ""]))
    head = "#separator \\x09\n#path\tdhcp\n#fields\tts\tmac\tassigned_addr\tmsg_types\n"
    types = "#types\ttime\tstring\taddr\tvector[string]\n"
    cells = f"{PATIENT}\t{PATIENT}\t{PATIENT}\t{PATIENT}\n"
    (logs / "dhcp.log").write_text(f"{head}{types}{cells}1000\t{PATIENT}\t10.0.0.7\tACK\n")
    settings = write(tmp_path, "north", logs)
    done = subprocess.run(command(settings, "--once"), capture_output=True, text=True, check=True)
    asked = [sys.executable, "-m", "wardwatch.cli", "status", "--config", str(settings)]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    for text in (done.stderr, shown):
        assert "dhcp.log" in text
        assert "conn.log:2: " in text
        assert "Mustermann" not in text
        assert "Erika" not in text
    assert json.loads(done.stderr.splitlines()[1])["log.level"] == "warning"


def test_a_person_at_a_terminal_reads_lines(tmp_path: Path) -> None:
    """No JSON there; and nothing that a terminal would act upon."""
    logs = tmp_path / "lo\x1b[31mgs"
    settings = write(tmp_path, "north", logs)
    settings.write_text(settings.read_text().replace("\x1b", "\\u001b"))
    here, there = os.openpty()
    shown = bytearray()

    def read() -> None:
        try:
            while part := os.read(here, 4096):
                shown.extend(part)
        except OSError:  # nobody has it open any more
            return

    reader = threading.Thread(target=read)
    subprocess_ = subprocess.Popen(command(settings, "--once"), stderr=there)
    os.close(there)
    reader.start()
    assert subprocess_.wait(PATIENCE) == 0
    reader.join()
    os.close(here)
    lines = shown.decode().splitlines()
    assert "Z following " in lines[0]
    assert "Z warning: " in lines[1]
    assert b"\x1b" not in shown
