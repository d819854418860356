"""What `feeds import` takes from files that were carried in, and what leaves all as it was."""

from __future__ import annotations

import gzip
import hashlib
import json
import stat
import zipfile
from pathlib import Path

import pytest
from feeds.documents import CASES, DOCUMENTS, PUBLIC, Taking, advisory, catalogue
from feeds.provider import CSAF

from wardwatch.feeds.take import NAMED
from wardwatch.store import Store


def test_each_feed_is_told_by_what_it_holds(take: Taking, store: Store) -> None:
    """Whatever the files are called; what is no feed is counted."""
    documents = {
        f"a{number}__json": path.read_bytes()
        for number, path in enumerate(DOCUMENTS)
        if path.suffix == ".json"
    }
    report = take(
        **documents, b__json=advisory("EX-1"), c__md=(CASES / "eol" / "page.md").read_bytes(),
        d__csv=(CASES / "epss" / "a-day.csv").read_bytes(), e__csv=b"row,a\n0,1\n",
        f__json=b'{"feed": {"entry": []}}', g__json=b"[1]", h__md=b"# Read me", i__txt=b"no",
    )  # fmt: skip
    assert report.problems == []
    assert report.taken == {
        "csaf example.com": 1, CSAF: 1, "kev": 1, "epss": 1, "ssvc": 1, "eol": 3, "vex": 1,
        "fda recalls": 1, "fda classification": 1,
    }  # fmt: skip
    assert report.ignored == 4
    decision = store.decision("CVE-2099-10001")
    assert decision is not None
    assert (decision.exploitation, decision.automatable) == ("active", True)
    kind = store.classification("FRN")
    assert kind is not None
    assert kind.life_sustaining is True
    assert store.statements("CVE-2099-10004")[0].justification == "component_not_present"
    records = {feed.name: feed.records for feed in store.feeds()}
    assert records == {
        "csaf example.com": 1, CSAF: 1, "kev": 2, "epss": 2, "ssvc": 1, "eol": 7, "vex": 6,
        "fda recalls": 2, "fda classification": 2,
    }  # fmt: skip


def test_the_same_again_changes_nothing(take: Taking, store: Store) -> None:
    """Not even the time at which it was taken."""
    files = {"a__json": advisory("EX-1"), "b__json": catalogue("2026-11-01", "CVE-2099-10001")}
    take(**files)
    before = store.feeds()
    report = take(**files)
    assert (report.taken, report.unchanged) == ({}, 2)
    assert store.feeds() == before


def test_what_is_older_is_refused(take: Taking, store: Store) -> None:
    """Of each feed that says of when it is; a person may insist."""
    day = (CASES / "epss" / "a-day.csv").read_bytes()
    recalls = (CASES / "openfda" / "recalls.json").read_bytes()
    ssvc = (CASES / "ssvc" / "decided-twice.json").read_bytes()
    vex = (CASES / "vex" / "openvex.json").read_bytes()
    take(
        a__json=advisory("EX-1"), b__json=catalogue("2026-11-01", "CVE-2099-10001"), c__csv=day,
        d__json=recalls, e__json=ssvc, f__json=vex,
    )  # fmt: skip
    older = {
        "a__json": advisory("EX-1", "2026-10-01"),
        "b__json": catalogue("2026-10-01", "CVE-2099-10009"),
        "c__csv": day.replace(b"2026-11-21", b"2026-11-20").replace(b"0.91234", b"0.1"),
        "d__json": recalls.replace(b'"2026-11-18"', b'"2026-11-17"'),
        "e__json": ssvc.replace(b"2026-11-19", b"2026-11-02"),
        "f__json": vex.replace(b"2026-11-1", b"2026-10-1"),
    }
    before = dump(store)
    report = take(**older)
    assert report.refused == 6
    assert all("older" in problem for problem in report.problems)
    assert dump(store) == before
    assert {feed.failed for feed in store.feeds()} == {1001.0}
    assert take(force=True).taken == dict.fromkeys(
        (CSAF, "kev", "epss", "fda recalls", "ssvc", "vex"), 1
    )
    assert store.score("CVE-2099-10001") == (0.1, 0.99871)
    assert store.exploited("CVE-2099-10001") is None


def dump(store: Store) -> list[object]:
    """Return all that feeds put into a store, but for their state."""
    query = "SELECT * FROM {} ORDER BY 1, 2, 3"
    tables = ("feed_document", "feed_record", "score")
    return [list(store._db.execute(query.format(table))) for table in tables]


def test_what_lost_most_of_its_entries_is_refused(take: Taking, store: Store) -> None:
    """Whoever cut a table at the end of a line left a good table."""
    cves = [f"CVE-2099-{number}" for number in range(10_000, 10_100)]
    take(a__json=catalogue("2026-11-01", *cves))
    report = take(a__json=catalogue("2026-11-02", *cves[:49], version="2"))
    assert "has 49 entries, 100 are there" in report.problems[0]
    assert store.exploited(cves[-1]) is not None
    assert take(a__json=catalogue("2026-11-03", *cves[:50], version="3")).taken == {"kev": 1}
    assert store.exploited(cves[-1]) is None
    assert "has 0 entries" in take(a__json=catalogue("2026-11-04")).problems[0]


def test_a_wrong_row_late_in_a_table_undoes_all(take: Taking, store: Store) -> None:
    """The scores of yesterday are all there, those of today none."""
    lines = "".join(f"CVE-2099-{number},0.5,0.5\n" for number in range(10_000, 12_000))
    head = "#model_version:v1,score_date:2026-11-{}T00:00:00Z\ncve,epss,percentile\n"
    take(a__csv=(head.format(20) + lines).encode())
    cut = (head.format(21) + lines.replace("0.5", "0.6"))[:-5]
    assert "is cut short" in take(a__csv=cut.encode()).problems[0]
    assert store.score("CVE-2099-10000") == (0.5, 0.5)
    assert store.score_count() == 2000


def test_packed_files_are_read(take: Taking, store: Store, tmp_path: Path) -> None:
    """.gz, and .zip with folders in it; links and archives in archives are not followed."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(
            "vuln-1/2099/10xxx/a.json", (CASES / "ssvc" / "decided-twice.json").read_bytes()
        )
        archive.writestr("../../outside.json", advisory("EX-9"))
        archive.writestr("inner.zip", b"PK")
        link = zipfile.ZipInfo("link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    report = take(tmp_path / "all.zip")
    assert report.taken == {"ssvc": 1, CSAF: 1}
    assert report.problems == [
        f"{tmp_path}/all.zip:inner.zip: is an archive in an archive; unpack the outer one first"
    ]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "all.zip", "wardwatch.db", "wardwatch.db-shm", "wardwatch.db-wal",
    ]  # fmt: skip
    packed = tmp_path / "kev.json.gz"
    packed.write_bytes(gzip.compress(catalogue("2026-11-01", "CVE-2099-10001")))
    assert take(packed).taken == {"kev": 1}
    packed.write_bytes(packed.read_bytes()[:-6])
    assert "ends early" in take(packed).problems[0]
    assert store.exploited("CVE-2099-10001") is not None


def test_a_checksum_beside_a_file_is_held_against_it(take: Taking, store: Store) -> None:
    """As a provider's folder has it when it is carried in whole."""
    body = advisory("EX-1")
    digest = hashlib.sha256(body).hexdigest().encode() + b"  a.json\n"
    take(a__json=body, a__json__sha256=digest)
    assert next(store.documents()).verified == "sha256"
    report = take(a__json=advisory("EX-1", "2026-11-09"))
    assert "does not fit the checksum in a.json.sha256" in report.problems[0]
    assert next(store.documents()).body == body


def test_checksums_in_an_archive_are_held_too(take: Taking, store: Store, tmp_path: Path) -> None:
    """And those of packed files are of what is packed."""
    with zipfile.ZipFile(tmp_path / "mirror.zip", "w") as archive:
        for name, wrong in (("EX-1", b""), ("EX-2", b"x")):
            archive.writestr(f"2026/{name}.json", advisory(name))
            digest = hashlib.sha512(advisory(name) + wrong).hexdigest()
            archive.writestr(f"2026/{name}.json.sha512", digest)
    report = take(tmp_path / "mirror.zip")
    assert (report.taken, report.refused) == ({CSAF: 1}, 1)
    assert "mirror.zip:2026/EX-2.json: does not fit" in report.problems[0]
    assert next(store.documents()).verified == "sha512"
    packed = gzip.compress(catalogue("2026-11-01", "CVE-2099-10001"))
    (tmp_path / "k.json.gz").write_bytes(packed)
    (tmp_path / "k.json.gz.sha256").write_text(hashlib.sha256(packed).hexdigest())
    assert take(tmp_path / "k.json.gz").taken == {"kev": 1}


def test_what_is_named_must_be_a_feed(take: Taking, tmp_path: Path) -> None:
    """In a folder other files may lie about."""
    (tmp_path / "plan.csv").write_text("cidr,zone\n")
    report = take(tmp_path / "plan.csv", tmp_path / "none.json")
    assert "is none of the feeds that are known" in report.problems[0]
    assert "is no file or folder" in report.problems[1]


def test_what_is_damaged_still_counts_against_its_feed(take: Taking, store: Store) -> None:
    """The status of the feed says that something came and was broken."""
    take(a__json=catalogue("2026-11-01", "CVE-2099-10001")[:-3])
    (feed,) = store.feeds()
    assert (feed.name, feed.taken) == ("kev", None)
    assert "is no complete JSON" in (feed.reason or "")


def test_problems_are_told_up_to_a_number(take: Taking) -> None:
    """A folder of broken files does not flood the screen."""
    report = take(**{f"a{n}__json": advisory(f"EX-{n}")[:-9] for n in range(30)})
    assert (report.refused, len(report.problems)) == (30, NAMED)


def test_the_public_data_is_taken(take: Taking, store: Store) -> None:
    """All of it, as it was published."""
    if not PUBLIC.is_dir():
        pytest.skip("the folder with public data is not there")
    report = take(*(PUBLIC / name for name in ("csaf", "kev.json", "epss-subset.csv", "eol")))
    assert report.problems == []
    records = {feed.name: feed.records for feed in store.feeds()}
    assert records == {"csaf www.cisa.gov": 157, "kev": 1404, "epss": 6182, "eol": 73}
    exploited = store.exploited("CVE-2020-11899")
    assert exploited is not None
    assert json.loads(next(store.documents(name="ICSMA-20-023-01")).body)["document"]
