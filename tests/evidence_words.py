"""Evidence in words, as the cases of tests/matching and the examples of preconditions write it.

`enrichment/wardwatch_enrichment/preconditions/README.md` lists the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.model import Attribute, Device, Evidence
from wardwatch_enrichment.surroundings import Surroundings

NOW = 1_800_000_000.0
DAY = 86_400.0
ADDRESS = "10.30.1.15"
OFFICE = ("10.20.4.7", "10.20.4.8", "10.20.4.9")
SENSOR = "tap1"
THE_SENSOR = "0.0.0.0"  # noqa: S104  its rows about itself


@dataclass
class Seen:
    """What the words add up to."""

    rows: list[Exposure] = field(default_factory=list)
    calls: list[Exposure] = field(default_factory=list)
    sensors: list[Exposure] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def surroundings(device: Device, words: Iterable[str], vulnerability: str = "") -> Surroundings:
    """Return a device with its evidence; raises `ValueError` for words that are not known."""
    seen = Seen()
    for text in words:
        for pattern, put in _WORDS:
            if found := re.fullmatch(pattern, text):
                put(seen, {**found.groupdict(), "vulnerability": vulnerability})
                break
        else:
            raise ValueError(f"unknown words: {text!r}")
    return Surroundings(
        device=replace(device, ips=(ADDRESS,), attributes=(*device.attributes, *seen.attributes)),
        now=NOW,
        rows=tuple(seen.rows),
        calls=tuple(seen.calls),
        sensors={SENSOR: tuple(seen.sensors)},
        handling=tuple(fact for fact in seen.facts if fact.kind != "boundary"),
        boundaries=Boundaries(seen.facts),
    )


def row(kind: Any, **values: Any) -> Exposure:
    """Return a row of yesterday of the device, or of another `host`."""
    return Exposure(
        **{
            "host": ADDRESS, "sensor": SENSOR, "kind": kind, "first_seen": NOW - 1.2 * DAY,
            "last_seen": NOW - 0.8 * DAY, "count": 5, "log": "iomt_exposure",
            "line": f"{kind} row of the test", **values,
        }
    )  # fmt: skip


def attribute(name: str, value: str, field_name: str | None = None) -> Attribute:
    """Return an attribute of the device that was seen yesterday."""
    proof = Evidence(
        log="iomt_asset", uid=None, time=NOW - DAY, sensor=SENSOR, host=ADDRESS,
        field=field_name or name, value=value, rule="test", line="line of the test", sha256="0",
    )  # fmt: skip
    return Attribute(
        name=name, value=value, confidence=0.9, current=True, first_seen=NOW - 20 * DAY,
        last_seen=NOW - DAY, evidence=(proof,),
    )  # fmt: skip


def _port(said: dict[str, Any]) -> dict[str, Any]:
    proto, _, number = said["port"].partition("/")
    services = tuple(filter(None, [said.get("service")]))
    return {"proto": proto, "port": int(number), "services": services}


def _accepts(seen: Seen, said: dict[str, Any]) -> None:
    peers = (said["peer"],) if said.get("peer") else OFFICE[:1]
    seen.rows.append(row("service", state="accepted", peers=peers, clients=1, **_port(said)))
    seen.rows.append(row("peers", value="from", peers=peers))


def _refuses(seen: Seen, said: dict[str, Any]) -> None:
    once = said.get("once") is not None
    by = "network" if said.get("network") else "device"
    peers = OFFICE[: 1 if once else 3]
    seen.rows.append(
        row("service", state="refused", by=by, peers=peers, clients=len(peers),
            count=1 if once else 6, **_port(said))
    )  # fmt: skip
    _beats(seen, 3)


def _beats(seen: Seen, days: int) -> None:
    for day in range(days, -1, -1):
        at = NOW - day * DAY - 3600
        for value, count in (("sensor", 400), ("acks", 90_000), ("gaps", 20), ("packets", 10**6)):
            seen.sensors.append(
                row("coverage", host=THE_SENSOR, value=value, count=count,
                    first_seen=at - DAY / 2, last_seen=at)
            )  # fmt: skip


def _covered(seen: Seen, said: dict[str, Any]) -> None:
    days = int(said.get("days") or 30)
    _beats(seen, days)
    seen.rows.append(
        row("coverage", value="flows", count=200, first_seen=NOW - min(days, 29) * DAY)
    )
    up = NOW - (min(days, 29) - 1) * DAY
    seen.rows.append(row("coverage", value="link_up_arp", count=1, first_seen=up, last_seen=up))


def _shows(seen: Seen, said: dict[str, Any]) -> None:
    kind = "uses" if re.match(r"TLSv|SSLv", said["value"]) else "auth"
    where = (
        _port(said) if said.get("port") else {"services": tuple(filter(None, [said["service"]]))}
    )
    seen.rows.append(row(kind, value=said["value"], peers=OFFICE[:1], **where))


def _uses(seen: Seen, said: dict[str, Any]) -> None:
    seen.rows.append(row("uses", value=said["value"]))


def _calls(seen: Seen, said: dict[str, Any]) -> None:
    seen.rows.append(row("peers", value="to", peers=(said["peer"],)))
    if said.get("port"):
        seen.calls.append(
            row("service", host=said["peer"], state="accepted", peers=(ADDRESS,), **_port(said))
        )


def _role(seen: Seen, said: dict[str, Any]) -> None:
    seen.attributes.append(attribute("dicom.role", said["value"]))


def _reads(seen: Seen, said: dict[str, Any]) -> None:
    seen.attributes.append(attribute("names", "x", f"{said['service']}.sending_application"))


def _component(seen: Seen, said: dict[str, Any]) -> None:
    seen.attributes.append(attribute("component", said["value"]))


def _fact(seen: Seen, kind: Any, values: dict[str, str]) -> None:
    line = len(seen.facts) + 1
    seen.facts.append(Fact(kind=kind, values=values, source="site.yaml", line=line, at=NOW - DAY))


def _denies(seen: Seen, said: dict[str, Any]) -> None:
    proto, _, number = said["port"].partition("/")
    _fact(seen, "boundary", {
        "from": "any", "to": "10.30.1.0/24", "protocol": proto, "port": number, "action": "deny",
        "enforced_by": "fw1",
    })  # fmt: skip


def _bench(seen: Seen, said: dict[str, Any]) -> None:
    _fact(seen, "bench", {
        "vulnerability": said["vulnerability"], "result": said["value"], "date": "2026-12-01",
        "by": "K. Tester", "model": "any",
    })  # fmt: skip


def _patched(seen: Seen, said: dict[str, Any]) -> None:
    _fact(seen, "patch", {"vulnerability": said["vulnerability"], "status": "applied"})


_PORT = r"(?P<port>(?:tcp|udp)/\d+)"
_SERVICE = r"(?P<service>[\w.-]+)"
_WORDS: tuple[tuple[str, Callable[[Seen, dict[str, Any]], None]], ...] = (
    (rf"accepts {_PORT}(?: (?!from){_SERVICE})?(?: from (?P<peer>[\d.:a-f/]+))?", _accepts),
    (rf"(?P<network>network )?refuses {_PORT}(?P<once> once)?", _refuses),
    (rf"denies {_PORT}", _denies),
    (r"covered(?: (?P<days>\d+) days)?", _covered),
    (rf"shows (?P<value>[\w.]+)(?: on {_PORT})?(?: (?!on){_SERVICE})?", _shows),
    (r"uses (?P<value>\w+)", _uses),
    (r"role (?P<value>.+)", _role),
    (rf"reads {_SERVICE}", _reads),
    (rf"calls (?P<peer>[\d.:a-f]+)(?: {_PORT})?(?: {_SERVICE})?", _calls),
    (r"component (?P<value>.+)", _component),
    (r"bench: (?P<value>exploitable|not exploitable)", _bench),
    (r"patched", _patched),
)
