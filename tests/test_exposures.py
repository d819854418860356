"""How hosts are exposed: gathered from both sensors, counted once, bounded, kept for a while."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from wardwatch.heard import exposures as gathering
from wardwatch.pipeline import Ingest, Report
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment.finding import Exposure

ROOT = Path(__file__).parent.parent
PUMP = "10.0.0.5"
NOON = 1_795_348_800.0  # of the flows' day


def row(first: float, last: float | None = None, **more: Any) -> str:
    """Return a row of iomt_exposure.log, of an interval in which a device refused telnet."""
    said = {"ts": first + 3600, "first": first, "last": last or first, "host": PUMP}
    said |= {"kind": "service", "proto": "tcp", "port": 23, "state": "refused", "by": "device"}
    return json.dumps(said | {"count": 1, "clients": 1, "peers": ["10.0.0.9"]} | more) + "\n"


def flow(second: int, source: str, target: str, flags: tuple[str, str] = ("1b", "1b")) -> str:
    """Return a TCP flow of eve.json, by the flags of both sides."""
    at = f"2026-11-22T12:00:{second:02}.000000+0000"
    said = {"timestamp": at, "event_type": "flow", "src_ip": source, "src_port": 40000}
    said |= {"dest_ip": target, "dest_port": 23, "proto": "TCP"}
    to_server, to_client = flags
    tcp = {"tcp_flags_ts": to_server, "tcp_flags_tc": to_client}
    return json.dumps(said | {"flow": {"start": at, "pkts_toclient": 1}, "tcp": tcp}) + "\n"


def take(store: Store, text: str | Path, log: str = "iomt_exposure.log") -> Report:
    """Ingest a log, or a folder of logs."""
    path = text if isinstance(text, Path) else store.path.with_name(log)
    if isinstance(text, str):
        path.write_text(text)
    run = Ingest(store, site="here", sensor="s1", scope=Scope())
    return run.run(run.find([path]))


def seen(store: Store) -> list[Exposure]:
    """Return all that is known of the hosts."""
    return store.exposures("here")


def test_the_example_site_by_zeek(store: Store) -> None:
    """All kinds of rows arrive as the sensor wrote them; read again they say the same."""
    logs = ROOT / "examples" / "hospital"
    assert take(store, logs).bad_rows == 0
    rows = seen(store)
    by_kind = Counter(one.kind for one in rows)
    assert set(by_kind) == {"service", "peers", "auth", "uses", "coverage"}
    (dns,) = (one for one in rows if (one.host, one.port) == ("10.20.0.1", 53))
    assert (dns.services, dns.state, dns.clients, dns.count) == (("dns",), "accepted", 17, 45)
    assert dns.peers == ("10.20.1.0/24", "10.20.2.0/24", "10.20.3.0/24")
    assert json.loads(dns.line)["host"] == dns.host
    (title,) = (one for one in rows if one.value == "PACS" and one.port == 11112)
    assert (title.kind, title.state, title.mac) == ("auth", "accepted", "02:20:00:00:02:30")
    written = Counter[str]()
    for path in logs.glob("*/iomt_exposure.log"):
        for said in map(json.loads, path.read_text().splitlines()):
            written[said["kind"]] += said["count"] if said["host"] != "0.0.0.0" else 0  # noqa: S104
    counted = Counter[str]()
    for one in rows:
        counted[one.kind] += one.count
    assert counted == +written
    assert {one.value for one in store.coverage("here")} >= {"sensor", "packets", "acks", "gaps"}
    take(store, logs)
    assert seen(store) == rows


def test_the_example_site_by_suricata(store: Store, tmp_path: Path) -> None:
    """The services that its flows show are those that Zeek sees, with the same clients."""
    take(store, ROOT / "examples" / "hospital-suricata")
    zeek = Store(tmp_path / "zeek.db")
    take(zeek, ROOT / "examples" / "hospital")

    def services(store: Store) -> dict[tuple[object, ...], tuple[object, ...]]:
        return {
            (one.host, one.proto, one.port): (one.state, one.clients)
            for one in seen(store)
            if one.kind == "service" and one.state != "unanswered"  # flows do not prove that
        }

    def links(store: Store) -> set[tuple[object, ...]]:
        return {
            (one.host, one.value, one.mac)
            for one in seen(store)
            if one.value in ("dhcp", "link_up_dhcp")
        }

    assert links(store) == links(zeek)
    by_suricata, by_zeek = services(store), services(zeek)
    assert by_suricata == {key: by_zeek[key] for key in by_suricata}
    # A broadcast is answered by no packet of the flow that it began.
    assert {key[1:] for key in set(by_zeek) - set(by_suricata)} == {("udp", 67)}
    assert {one.value for one in store.coverage("here")} == {"sensor"}


def test_intervals_count_once_in_any_order(store: Store) -> None:
    """A file is read again, grown, and the night before comes last."""
    hours = [row(1000 + 3600 * n, 1500 + 3600 * n, missed_bytes=2) for n in range(5)]
    take(store, "".join(hours[2:4]))
    take(store, "".join(hours[2:4]))
    take(store, "".join(hours[2:]))
    take(store, "".join(hours[:2]))
    take(store, "".join(reversed(hours)))
    (kept,) = seen(store)
    assert (kept.count, kept.missed_bytes, kept.clients) == (5, 10, 1)
    assert (kept.first_seen, kept.last_seen) == (1000.0, 1500.0 + 4 * 3600)
    assert kept.line == hours[0].strip()


def test_disorder_never_counts_twice(tmp_path: Path) -> None:
    """Whatever parts of a day come in whatever order, again and again: at most what there is."""
    rng = random.Random(7)  # noqa: S311  repeatable, not secret
    hours = [row(1000 + 3600 * n, 1200 + 3600 * n) for n in range(12)]
    for attempt in range(20):
        with Store(tmp_path / f"{attempt}.db") as other:
            for _ in range(4):
                take(other, "".join(rng.sample(hours, rng.randrange(1, 13))))
            take(other, "".join(hours))
            (kept,) = seen(other)
            assert 1 <= kept.count <= len(hours)
            assert (kept.first_seen, kept.last_seen) == (1000.0, 1200.0 + 11 * 3600)


def test_flows_count_once(store: Store) -> None:
    """Also where a rotated file is read before and after it has grown."""
    flows = [flow(n, "10.0.0.9", PUMP) for n in range(10)]
    take(store, "".join(flows[:4]), "eve.json")
    take(store, "".join(flows), "eve.json")
    take(store, "".join(flows[::-1]), "eve.json")
    counts = {(one.host, one.kind): one.count for one in seen(store)}
    assert counts == dict.fromkeys(
        itertools.product((PUMP, "10.0.0.9"), ("coverage", "peers")), 10
    ) | {(PUMP, "service"): 10}


def test_batches_change_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory asks for more commits the rows are the same."""
    path = ROOT / "examples" / "hospital"
    take(store, path)
    rows = seen(store)
    monkeypatch.setattr(gathering, "PARTS_PER_BATCH", 0)
    with Store(store.path.with_name("small.db")) as small:
        take(small, path)
        assert seen(small) == rows


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        (("1b", "1b"), "accepted"),
        (("02", "12"), "accepted"),
        (("02", "14"), "refused"),
        (("02", "04"), "refused"),
        (("02", "00"), None),  # an ICMP error, of whatever kind
        (("1a", "14"), None),  # what was accepted was not captured
        (("18", "14"), None),
        (("18", "18"), None),
    ],
)
def test_what_became_of_a_call(store: Store, flags: tuple[str, str], state: str | None) -> None:
    """By the flags of both sides; who refused is not known."""
    take(store, flow(1, "10.0.0.9", PUMP, flags), "eve.json")
    found = [(one.state, one.by, one.peers) for one in seen(store) if one.kind == "service"]
    assert found == ([(state, None, ("10.0.0.9",))] if state else [])
    assert not any(one.by for one in seen(store))


def test_only_the_site_s_own_hosts(store: Store) -> None:
    """A flow's host elsewhere has no row; whom our sensor tells of it has chosen."""
    take(store, flow(1, "10.0.0.9", "203.0.113.7") + flow(2, "198.51.100.7", PUMP), "eve.json")
    take(store, row(NOON, host="203.0.113.9"))
    rows = seen(store)
    assert {one.host for one in rows} == {"10.0.0.9", PUMP, "203.0.113.9"}
    (calls,) = (one for one in rows if one.host == "10.0.0.9" and one.kind == "peers")
    assert (calls.value, calls.peers) == ("to", ("203.0.113.7",))
    (sensor,) = store.coverage("here")
    assert (sensor.host, sensor.value, sensor.count) == ("0.0.0.0", "sensor", 2)  # noqa: S104


def test_damaged_rows_are_named(store: Store) -> None:
    """With file and line and why, once each; the others count."""
    noon = row(6000).replace('"first": 6000', '"first": "noon"')
    text = row(1000) + row(2000, port=70000) + row(3000, peers=["nobody"]) + row(4000, 3000)
    report = take(store, text + row(5000, host="pump") + noon + row(7000))
    named = [problem.rsplit("/", 1)[1] for problem in report.problems]
    assert [problem.split(": ")[0] for problem in named] == [
        f"iomt_exposure.log:{line}" for line in (2, 3, 4, 5, 6)
    ]
    assert report.bad_rows == 5
    (kept,) = seen(store)
    assert (kept.count, kept.last_seen) == (2, 7000.0)
    report = take(store, flow(1, "10.0.0.9", "pump") + flow(2, "10.0.0.9", PUMP), "eve.json")
    assert [problem.split(": ")[0][-10:] for problem in report.problems] == ["eve.json:1"]


def test_what_a_newer_sensor_says_is_kept(store: Store) -> None:
    """As text, of bounded length."""
    take(store, row(1000, kind="mood", state="sleepy", value="v" * 1000))
    (kept,) = seen(store)
    assert (kept.kind, kept.state, kept.value) == ("mood", "sleepy", "v" * 256)


def test_an_address_that_changes_hands_is_kept_apart(store: Store) -> None:
    """By the hardware address, where the sensor has proof of it."""
    one, other = "02:00:00:00:00:01", "02:00:00:00:00:02"
    take(store, row(1000, mac=one) + row(5000, mac=other) + row(9000, mac=one))
    assert [(kept.mac, kept.count) for kept in seen(store)] == [(one, 2), (other, 1)]


def test_no_secret_is_kept(store: Store) -> None:
    """Of log-ins only that there were some."""
    cases: Iterable[Path] = (ROOT / "tests" / "parsers").glob("eve_*/*.log")
    text = "".join(path.read_text() for path in cases)
    assert "canary" in text.lower()
    take(store, text, "eve.json")
    rows = seen(store)
    assert {"credentials_in_clear", "rdp_nla", "smb_1", "TLSv12"} <= {one.value for one in rows}
    assert "canary" not in str(rows).lower()
