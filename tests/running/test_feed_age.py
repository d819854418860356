"""A feed that is a week old shows its age wherever its results show; a newer one is no noise."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from deciding_ward import TELNET, Run, running, telnet, ward

from wardwatch.risk.ages import WEEK, Aged, Ages, aged, as_of
from wardwatch.risk.publishing import Publishing
from wardwatch.store import Store
from wardwatch.store.feeds import Feed
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.posture import entries
from wardwatch_enrichment.risk.policy import Policy

DAY = 86_400.0
NOW = 1_800_000_000.0


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command, in a ward with a pump whose telnet answers."""
    monkeypatch.chdir(tmp_path)
    made = running(capsys)
    ward(made, rows=[telnet(0, "accepted", time.time() - DAY)])
    feed("csaf cisa.gov", taken=0.0)
    return made


def feed(name: str, *, taken: float | None, source: str = "https://example.org/f.json") -> None:
    """Note that a feed was fetched so many days ago, or was refused from the first."""
    with Store(Path("wardwatch.db")) as store, store.transaction():
        known = next((f.name for f in store.feeds() if f.name.startswith("csaf")), name)
        name = known if name.startswith("csaf") else name
        if taken is None:
            store.note_refused(name, source, time.time(), "no answer")
        else:
            store.note_taken(name, source, time.time() - taken * DAY, None)


def told(run: Run, *command: str) -> list[dict[str, Any]]:
    """Return what a command says to programs."""
    return [json.loads(line) for line in run(*command, "--json").splitlines()]


def test_a_week_is_old() -> None:
    """To the second; a feed that was never taken is told of as that."""
    assert aged("kev", NOW - WEEK + 1, NOW) is None
    assert str(aged("kev", NOW - WEEK, NOW)) == "feed kev is of 2027-01-08, 7 days old"
    assert str(aged("kev", None, NOW)) == "feed kev was never taken"
    assert aged("kev", NOW + DAY, NOW) is None


@pytest.mark.parametrize(
    ("source", "newest", "taken", "expected"),
    [
        ("https://example.org/kev.json", NOW - 30 * DAY, NOW - DAY, NOW - DAY),
        ("kev.json", NOW - 30 * DAY, NOW - DAY, NOW - 30 * DAY),
        ("eol.json", None, NOW - DAY, NOW - DAY),
        ("kev.json", NOW + DAY, NOW - DAY, NOW - DAY),
        ("https://example.org/kev.json", None, None, None),
    ],
)
def test_of_when_a_feed_is(
    source: str, newest: float | None, taken: float | None, expected: float | None
) -> None:
    """As of when its publisher was asked; a file is as old as what it says of itself."""
    assert as_of(Feed(name="f", source=source, newest=newest, taken=taken)) == expected


def test_nothing_is_told_below_a_week(run: Run) -> None:
    """Everywhere, so that what is told is read."""
    feed("kev", taken=6.9)
    device = told(run, "devices")[0]["id"]
    for command in (("findings",), ("advisory", TELNET), ("device", device), ("worklist",)):
        assert "Note: feed" not in run(*command), command
    assert all(one["old_feeds"] == [] for one in told(run, "findings"))
    run("report", "-o", "r.html")
    assert "Old data" not in Path("r.html").read_text()


def test_an_old_feed_shows_wherever_its_results_do(run: Run) -> None:
    """To people and to programs; and one that was never taken, apart from that."""
    feed("kev", taken=9)
    feed("epss", taken=None)
    device = told(run, "devices")[0]["id"]
    finding = next(one for one in told(run, "findings") if one["vulnerability"] == TELNET)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 9 * DAY))
    said = f"feed kev is of {day}, 9 days old"
    commands = (
        ("findings",), ("findings", "--device", device), ("advisory", TELNET),
        ("device", device), ("explain", finding["id"]), ("worklist",),
    )  # fmt: skip
    for command in commands:
        output = " ".join(run(*command).split())
        assert f"Note: {said}." in output, (command, output)
        assert "Note: feed epss was never taken." in output, command
    old = [
        {"feed": "epss", "as_of": None, "days": None},
        {"feed": "kev", "as_of": day, "days": 9},
    ]
    for command in (("findings",), ("advisory", TELNET), ("explain", finding["id"])):
        (one,) = (o for o in told(run, *command) if o["vulnerability"] == TELNET)
        assert one["old_feeds"] == old, command
    assert {json.dumps(one["old_feeds"]) for one in told(run, "worklist")} == {json.dumps(old)}
    run("report", "-o", "r.html")
    page = Path("r.html").read_text()
    assert page.count(said) >= 2, "on the first page, and with the device"


def test_posture_rests_on_what_it_is_told_by(run: Run) -> None:
    """Support on its dates, a recall on the recalls; what was seen is as new as that."""
    for name in ("kev", "eol", "fda recalls"):
        feed(name, taken=9)
    with Store(Path("wardwatch.db")) as store:
        ages = Ages(store, time.time())
        rests = {
            one.check: [old.feed for old in ages.of(_seen(one.id))]
            for one in entries.entries()
            if one.check in ("system", "component", "recall", "")
        }
    expected = {"system": ["eol"], "component": ["eol"], "recall": ["fda recalls"], "": []}
    assert rests == expected
    found = next(one for one in told(run, "findings") if one["vulnerability"] == TELNET)
    assert [old["feed"] for old in found["old_feeds"]] == ["kev"]


def _seen(number: str) -> Finding:
    return Finding(id="f", device_id="d", vulnerability=number, affected="confirmed")


def test_its_advisory_is_old(run: Run) -> None:
    """A finding rests on the feed that its advisory came from, and on no other one."""
    feed("csaf", taken=8)
    (one,) = (o for o in told(run, "findings") if o["vulnerability"] == TELNET)
    (old,) = one["old_feeds"]
    assert old["feed"].startswith("csaf")
    assert old["days"] == 8


@pytest.mark.usefixtures("run")
def test_documents_name_the_day_and_not_the_age() -> None:
    """Or each of them would be written anew each day."""
    feed("kev", taken=9)
    with Store(Path("wardwatch.db"), read_only=True) as store:
        work = Publishing(store, "default", time.time(), Policy())
        (part,) = work.parts([device.id for device in work.place.slight])
    (whole,) = part.risks.values()
    findings = [one for one in part.found if one["vulnerability"]["id"] == TELNET]
    day = Aged("kev", time.time() - 9 * DAY, 9).dated
    assert whole["old_feeds"] == [day]
    assert [one["iomt"]["risk"]["old_feeds"] for one in findings] == [[day]]
