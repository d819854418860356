"""A disk that is full, or that the system makes read-only: told, and made up for afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from running.connector import (
    Connector,
    State,
    compared,
    hospital,
    peak,
    settled,
    state,
    stopped,
    until,
)
from running.disk import Disk, in_memory, that_can_break

MEMORY = 250 << 20


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> State:
    """What is known of the example site where nothing went wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    connector = Connector(folder, logs=hospital(folder / "logs"), db=folder / "north.db")
    assert connector.does("run", "--once").returncode == 0
    found = connector.state()
    assert len(found["devices"]) > 40
    return found


def test_a_full_disk_stops_nothing_for_good(tmp_path: Path, expected: State) -> None:
    """What could not be kept is read again when there is space, without a hand."""
    with in_memory(tmp_path / "disk", 8) as disk:
        connector = Connector(
            tmp_path, logs=tmp_path / "logs", db=disk.at / "north.db", inside=disk.inside
        )
        process = connector.start()
        try:
            until(lambda: "following" in connector.told())
            disk.fill(left=200_000)
            hospital(tmp_path / "logs")
            until(lambda: "disk is full; it is tried again" in connector.told())
            disk.fill()
            disk.clear()
            assert settled(connector, expected) == (0, 0), connector.told()
            assert peak(process) < MEMORY
        finally:
            assert stopped(process) == 0, connector.told()


def test_an_ingest_that_finds_no_space_says_so_and_can_be_repeated(tmp_path: Path) -> None:
    logs = hospital(tmp_path / "logs")
    undisturbed = Connector(tmp_path / "undisturbed", logs=logs, db=tmp_path / "undisturbed.db")
    assert undisturbed.does("ingest", str(logs)).returncode == 0
    with in_memory(tmp_path / "disk", 8) as disk:
        connector = Connector(tmp_path, logs=logs, db=disk.at / "north.db", inside=disk.inside)
        disk.fill(left=600_000)
        done = connector.does("ingest", str(logs))
        assert done.returncode == 1
        assert "full" in done.stderr
        disk.clear()
        assert connector.does("ingest", str(logs)).returncode == 0
        assert compared(connector.state(), state(undisturbed.db)) == (0, 0)


def test_a_disk_that_became_read_only_is_told_of_and_loses_nothing(
    tmp_path: Path, expected: State
) -> None:
    """As the system makes it on an error; once it is mended, it goes on where it was."""
    at, image = tmp_path / "disk", tmp_path / "image"
    with that_can_break(at, image) as disk:
        connector = Connector(tmp_path, logs=tmp_path / "logs", db=at / "north.db",
                              inside=disk.inside)  # fmt: skip
        process = connector.start()
        try:
            until(lambda: "following" in connector.told())
            _break(disk)
            hospital(tmp_path / "logs")
            until(lambda: "it is tried again" in connector.told())
            assert process.poll() is None
        finally:
            assert stopped(process) == 0, connector.told()
        done = connector.does("run", "--once")
        assert done.returncode == 1
        assert "check that it is yours to write" in done.stderr
        disk.does("umount", str(at))
        disk.does("sh", "-c", f"e2fsck -p -f '{image}' || [ $? = 1 ]")  # 1: errors were mended
        disk.does("mount", "-o", "loop", str(image), str(at))
        assert connector.does("run", "--once").returncode == 0
        assert compared(connector.state(), expected) == (0, 0)


def _break(disk: Disk) -> None:
    disk.does("sh", "-c", f"L=$(findmnt -no SOURCE {disk.at}); "
              "echo 1 >/sys/fs/ext4/$(basename $L)/trigger_fs_error")  # fmt: skip
