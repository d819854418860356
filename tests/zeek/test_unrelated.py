"""Protocols that are told apart by content are found in no other protocol's traffic."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from zeek.udp_frames import datagram

TRACES = Path(__file__).parents[1] / "traces"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "traces"
LOGS = ("intellivue", "sdc", "iomt_bacnet", "fhir")
HAVE = {
    "intellivue": {"intellivue", "gen-intellivue-connect-indication"},
    "sdc": {"sdc", "sdc-parts", "gen-sdc11073-loopback-hello-probe-get"},
    "iomt_bacnet": {"bacnet", "icsnpp-bacnet_example", "ndpi-bacnet"},
    "fhir": {"fhir", "fhir-xml"},
}
CONSOLES = {"wards"}  # a pump shows its console by telnet
PORTS = (24005, 24105, 3702, 47808, 7000, 2000, 3613)
CAPTURES = sorted([*TRACES.glob("*.pcap"), *SHARED.glob("*.pcap")])


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_captures(run_zeek: Any, path: Path) -> None:
    """Each protocol is found where it is, and nowhere else."""
    run = run_zeek(capture=path)
    run.assert_quiet()
    assert {log for log in LOGS if run.rows(log)} == {
        log for log, captures in HAVE.items() if path.stem in captures
    }
    told = {row["source"] for row in run.rows("iomt_asset")}
    assert bool(told & {"banner", "spectrum"}) == (path.stem in CONSOLES)


def noise(chance: random.Random) -> Iterator[bytes]:
    """Random bytes to the ports that are listened to, some with a right beginning."""
    heads = (b"", b"\0\0\1\0\0\1", b"\x81\x0b", b"\x81\x0a", b"<?xml", b"\x0d", b"\xe1\0\0\2")
    for number in range(3000):
        data = chance.choice(heads) + chance.randbytes(chance.randint(0, 300))
        ends = (f"10.6.{number // 250}.{1 + number % 250}", "10.6.255.255")
        yield datagram(data, *ends, (30000 + number, chance.choice(PORTS)))


def test_noise(run_zeek: Any, frames: Any) -> None:
    """Random bytes are nothing, on the right ports too."""
    chance = random.Random(6)  # noqa: S311  the same noise in every run
    run = run_zeek(capture=frames(noise(chance)))
    run.assert_quiet()
    assert not [log for log in LOGS if run.rows(log)]
    told = {(row["source"], row["value"]) for row in run.rows("iomt_asset")}
    # On 3613 there is no layout to hold against a broadcast.
    assert {value for source, value in told if source == "banner"} == {"alaris-disc 3613/udp"}
    assert {source for source, _ in told} <= {"banner", "conn"}
