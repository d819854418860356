"""A sensor that sends again what it sent before: nothing is doubled, nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from running.connector import HOSPITAL, SETTINGS, State, compared, hospital, state

from wardwatch.config import load
from wardwatch.running.loop import Running
from wardwatch.store import Store


class Site:
    """A connector with logs of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.logs, self.db = folder / "logs", folder / "north.db"
        self.settings = folder / "north.toml"
        self.settings.write_text(SETTINGS.format(db=self.db, logs=self.logs))

    def looks(self, times: int = 2) -> State:
        """Take in what there is, as a process that was started anew; returns what is known."""
        with Store(self.db) as store:
            running = Running(store, load(self.settings, {}), lambda *_: None, {})
            for _ in range(times):
                running.cycle()
        return state(self.db)


@pytest.fixture(scope="module")
def quick() -> object:
    """Wait for nothing between two looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wardwatch.running.loop.QUIET", 0.0)
        yield


@pytest.fixture
def site(tmp_path: Path, quick: None) -> Site:  # noqa: ARG001  a fixture
    """One with the example site's logs."""
    made = Site(tmp_path)
    hospital(made.logs)
    return made


def test_the_same_rows_in_new_files(site: Site) -> None:
    """As where a sensor plays its spool again after a crash: other files, that begin elsewhere."""
    expected = site.looks()
    for path in sorted(HOSPITAL.rglob("*.*")):
        lines = path.read_text().splitlines(keepends=True)
        again = site.logs / "again" / path.relative_to(HOSPITAL)
        again.parent.mkdir(parents=True, exist_ok=True)
        again.write_text("".join([*lines[1:], lines[0]]))
    assert compared(site.looks(), expected) == (0, 0)


def test_whole_logs_copied_again(site: Site) -> None:
    expected = site.looks()
    shutil.copytree(HOSPITAL, site.logs / "restored")
    assert compared(site.looks(), expected) == (0, 0)


def test_the_same_rows_behind_themselves(site: Site, tmp_path: Path) -> None:
    """In the same file, be they taken with the first ones or after them."""
    expected = site.looks()
    at_once = Site(tmp_path / "at_once")
    for path in sorted(HOSPITAL.rglob("*.*")):
        copy = at_once.logs / path.relative_to(HOSPITAL)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(2 * path.read_text())
        shutil.copystat(path, copy)
        with (site.logs / path.relative_to(HOSPITAL)).open("a") as log:
            log.write(path.read_text())
    assert compared(site.looks(), expected) == (0, 0)
    assert compared(at_once.looks(), expected) == (0, 0)


def test_two_sensors_that_hear_the_same(site: Site) -> None:
    """Each tells for itself: the devices are the same, and neither adds to the other's counts."""
    expected = site.looks()
    text = site.settings.read_text()
    site.settings.write_text(text.replace('name = "north"', 'name = "north"\nsensor = "other"'))
    found = site.looks()
    assert len(found["devices"]) == len(expected["devices"])
    assert not set(expected["exposures"]) - set(found["exposures"])
    assert not set(expected["events"]) - set(found["events"])
    for kind in ("claims", "exposures", "events"):
        assert len(found[kind]) == 2 * len(expected[kind])
