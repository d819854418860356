"""The live feed and the way back: a real Zeek, and the connector's own client."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from risk.test_attempts import ATTACKER, PUMP, TELNET, attempts, findings, site
from zeek.conftest import Conversation, write_pcap

from wardwatch.config import load
from wardwatch.risk import recording
from wardwatch.risk.watched import targets
from wardwatch.running.loop import Running
from wardwatch.running.telling import messages
from wardwatch.sources.zeek_websocket import Feed, Peer, Row
from wardwatch.store import Store
from wardwatch_enrichment.attempts import Target
from wardwatch_enrichment.risk.policy import Policy

SCRIPTS = Path(__file__).parents[2] / "zeek-scripts"
TRACES = Path(__file__).parents[1] / "traces"
TIMEOUT = 30.0
# What is read waits for whoever listens, or for what it is to watch.
WAITING = """
@load wardwatch
@load wardwatch/live
@load wardwatch/attempts
redef exit_only_after_terminate = T;
redef LogAscii::use_json = T;
redef Exposure::reporting_interval = 2secs;
redef Live::listen_port = %d/tcp;
event zeek_init() &priority=-10 { suspend_processing(); }
"""
ON_CLIENT = """
event Cluster::websocket_client_added(endpoint: Cluster::EndpointInfo, subscriptions: string_vec)
    { continue_processing(); }
"""
ON_TOLD = """
event Wardwatch::told(generation: count, part: count, parts: count, weak: vector of Wardwatch::Weak)
    &priority=-10 { if ( part == parts ) continue_processing(); }
"""
# Of what the capture has none; Zeek writes a lease half a minute after it.
MORE = """
event new_connection(c: connection)
    { NOTICE(Notice::Info($note=Weird::Activity, $conn=c, $msg="\\",\\"n\\":1")); }
event dhcp_message(c: connection, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options)
    {
    Log::write(DHCP::LOG, DHCP::Info($ts=network_time(), $uids=set(c$uid), $mac=msg$chaddr,
        $assigned_addr=msg$yiaddr, $lease_time=1hr, $msg_types=vector("ACK")));
    }
"""
TLS = """
redef Live::tls_options = Cluster::WebSocketTLSOptions($cert_file="%(home)s/sensor.crt",
    $key_file="%(home)s/sensor.key", $enable_peer_verification=T, $ca_file="%(home)s/ca.crt");
"""


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
    return port


@contextmanager
def zeek(
    paths: tuple[str, str], home: Path, capture: Path, script: str, port: int
) -> Iterator[Path]:
    """Let Zeek read a capture once somebody is there; where its logs are, whole at the end."""
    program, search = paths
    logs = home / "logs"
    logs.mkdir()
    (home / "wardwatch").symlink_to(SCRIPTS)
    (home / "live.zeek").write_text(WAITING % port + script, encoding="utf-8")
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, "-C", "-r", str(capture), str(home / "live.zeek")],
            cwd=logs,
            env=os.environ | {"ZEEKPATH": f"{search}:{home}", "TZ": "UTC"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield logs
        process.terminate()
        assert process.wait(TIMEOUT) == 0, (home / "output").read_text()
    finally:
        process.kill()
        process.wait()
    told = (home / "output").read_text().splitlines()
    assert not [line for line in told if line.startswith(("error", "fatal", "warning"))]


def rows(logs: Path, log: str) -> list[dict[str, Any]]:
    """Return the rows of a log."""
    path = logs / f"{log}.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def heard(feed: Feed, enough: Callable[[list[Row]], bool]) -> list[Row]:
    """Take what comes until it is enough."""
    told: list[Row] = []
    until = time.monotonic() + TIMEOUT
    while not enough(told):
        assert time.monotonic() < until, (feed.trouble, told[-3:])
        told += feed.take()
        time.sleep(0.05)
    return told


def listening(peer: Peer) -> Feed:
    """Listen until the test is over."""
    feed = Feed(peer)
    feed.start()
    return feed


def troubled(peer: Peer) -> str:
    """Return why a peer cannot be listened to."""
    feed = listening(peer)
    until = time.monotonic() + TIMEOUT
    while not feed.trouble or "Connection refused" in feed.trouble:
        assert time.monotonic() < until and feed.since is None
        time.sleep(0.05)
    feed.close()
    return feed.trouble


def test_each_row_is_told_as_the_log_has_it(zeek_path: tuple[str, str], tmp_path: Path) -> None:
    """The same columns, numbered without a gap, of all that the connector cannot do without."""
    port = free_port()
    capture = TRACES / "evidence.pcap"
    with zeek(zeek_path, tmp_path, capture, ON_CLIENT + MORE, port) as logs:
        feed = listening(Peer(url=f"ws://127.0.0.1:{port}"))
        told = heard(feed, lambda told: any(row.log == "iomt_exposure" for row in told))
        time.sleep(1)
        told += feed.take()
        feed.close()
    assert {row.run for row in told} == {told[0].run}
    assert (told[0].number, told[0].log) == (0, "")  # who comes is told where it stands
    lines = [row for row in told if row.log]
    assert [row.number for row in lines] == list(range(1, len(lines) + 1))
    for log, least in (("iomt_asset", 50), ("iomt_exposure", 10), ("notice", 5), ("dhcp", 1)):
        live = [json.loads(row.line) for row in lines if row.log == log]
        written = rows(logs, log)
        assert len(live) >= least, log
        for row in live:
            assert _without_spans(row) in [_without_spans(one) for one in written]


def _without_spans(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("suppress_for", "duration", "lease_time")}


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Make an authority, and certificates of it for a sensor and a connector; another beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("Not run: no openssl on PATH")
    home = tmp_path / "certificates"
    home.mkdir()
    for name in ("ca", "other"):
        _openssl(home, f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} "
                       f"-keyout {name}.key -out {name}.crt")  # fmt: skip
    (home / "san").write_text("subjectAltName=DNS:sensor.example")
    for name in ("sensor", "connector"):
        _openssl(home, f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key "
                       f"-out {name}.csr")  # fmt: skip
        _openssl(home, f"x509 -req -days 2 -in {name}.csr -CA ca.crt -CAkey ca.key "
                       f"-CAcreateserial -extfile san -out {name}.crt")  # fmt: skip
    return home


def _openssl(home: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=home, check=True, capture_output=True)


def test_both_ends_prove_who_they_are(
    zeek_path: tuple[str, str], tmp_path: Path, authority: Path
) -> None:
    """With the right authority, name and certificate rows come; else it is said what is wrong."""
    port, url = free_port(), "wss://127.0.0.1:"
    own = {"certificate": authority / "connector.crt", "key": authority / "connector.key"}
    known: dict[str, Any] = {"ca": authority / "ca.crt", "name": "sensor.example"}
    script = ON_CLIENT + TLS % {"home": authority}
    with zeek(zeek_path, tmp_path, TRACES / "hl7.pcap", script, port):
        address = f"{url}{port}"
        strange = known | {"ca": authority / "other.crt"}
        assert "set [run] live_ca" in troubled(Peer(url=address, **strange, **own))
        assert "set [run] live_name" in troubled(Peer(url=address, ca=known["ca"], **own))
        assert "live_certificate" in troubled(Peer(url=address, **known))
        feed = listening(Peer(url=address, **known, **own))
        told = heard(feed, lambda told: any(row.log == "iomt_asset" for row in told))
        feed.close()
    assert json.loads(told[-1].line)["field"]


def target(host: str, port: int, *peers: str) -> Target:
    """Return a service with two weaknesses."""
    ids = ("CVE-2019-12255", "CVE-2020-11896")
    return Target(host=host, proto="tcp", port=port, device="3f0c91aa", ids=ids, peers=peers)


def test_just_the_new_callers_of_weak_services_are_told(
    zeek_path: tuple[str, str], tmp_path: Path
) -> None:
    """A usual caller, another service and another device are passed over; each caller once."""
    talks = [
        Conversation(client="10.1.0.66", server="10.1.0.2", server_port=23),  # told
        Conversation(client="10.1.0.66", server="10.1.0.2", server_port=23, client_port=40001),
        Conversation(client="10.1.0.1", server="10.1.0.2", server_port=23),  # usual
        Conversation(client="10.9.0.7", server="10.1.0.2", server_port=23),  # of a usual network
        Conversation(client="10.1.0.66", server="10.1.0.2", server_port=80),
        Conversation(client="10.1.0.66", server="10.1.0.3", server_port=23),
    ]
    packets = [packet for talk in talks for packet in talk.packets([(True, b"x\r\n")])]
    capture = write_pcap(tmp_path / "made.pcap", packets)
    port = free_port()
    many = [target(f"10.200.{n // 250}.{n % 250}", 104, "10.1.0.0/24") for n in range(3000)]
    weak = target("10.1.0.2", 23, "10.1.0.1", "10.9.0.0/24", "fd00::1")
    with zeek(zeek_path, tmp_path, capture, ON_TOLD, port) as logs:
        feed = listening(Peer(url=f"ws://127.0.0.1:{port}"))
        heard(feed, bool)
        feed.tell(messages([weak, *many], 7))
        told = heard(feed, lambda told: any(row.log == "notice" for row in told))
        feed.close()
    (notice,) = rows(logs, "notice")
    assert notice["note"] == "Wardwatch::Attempt"
    assert (notice["src"], notice["dst"], notice["p"]) == ("10.1.0.66", "10.1.0.2", 23)
    assert notice["sub"] == "CVE-2019-12255,CVE-2020-11896"
    assert [row.log for row in told].count("notice") == 1


def test_from_a_finding_to_its_attempt(zeek_path: tuple[str, str], tmp_path: Path) -> None:
    """A connector tells Zeek where telnet is weak, and hears from it who calls that."""
    (tmp_path / "site").mkdir()
    assert attempts(site(tmp_path / "site")) == set()
    packets = Conversation(client=ATTACKER, server=PUMP, server_port=23).packets([(True, b"x\r\n")])
    capture = write_pcap(tmp_path / "made.pcap", packets, start=time.time() - 60)
    port = free_port()
    settings = tmp_path / "live.toml"
    settings.write_text(f'[run]\nlive = "ws://127.0.0.1:{port}"\ntell_sensor = true\n')
    with (
        Store(tmp_path / "site" / "wardwatch.db") as store,
        zeek(zeek_path, tmp_path, capture, ON_TOLD, port),
    ):
        recording.record(store, "default", time.time(), Policy())
        running = Running(store, load(settings, {}), lambda _: None, {})
        until = time.monotonic() + TIMEOUT
        while not any(event.log == "notice" for event in store.events("default")):
            assert time.monotonic() < until, running.health
            running.cycle()
        running.close()
        assert running.health.live is not None
        assert running.health.live["watched"] == len(targets(store, "default", time.time())) > 1
        (entered,) = store.register(0, time.time() + 1)
        assert (entered.kind, entered.site) == ("sensor", "default")
    tried = attempts(findings(tmp_path / "site"))
    assert (PUMP, TELNET) in tried
    assert {host for host, _ in tried} == {PUMP}  # and not its twin


def test_a_set_that_is_not_whole_changes_nothing(
    zeek_path: tuple[str, str], tmp_path: Path
) -> None:
    """Of a set of which a part is missing nothing is watched; an empty one ends the watch."""
    capture = write_pcap(
        tmp_path / "made.pcap",
        Conversation(client="10.1.0.66", server="10.1.0.2", server_port=23).packets([]),
    )
    many = [target(f"10.200.{n // 250}.{n % 250}", 104) for n in range(1500)]
    halves = messages([target("10.1.0.2", 23), *many], 7)
    assert len(halves) == 2
    port = free_port()
    with zeek(zeek_path, tmp_path, capture, ON_TOLD, port) as logs:
        feed = listening(Peer(url=f"ws://127.0.0.1:{port}"))
        heard(feed, bool)
        feed.tell([halves[1], halves[0], *messages([target("10.1.0.2", 23)], 8), *messages([], 9)])
        heard(feed, lambda told: any(row.log == "iomt_asset" for row in told))
        feed.close()
    assert not rows(logs, "notice")
