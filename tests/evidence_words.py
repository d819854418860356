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
BEFORE = "0.9 beta"  # the version that a device had before it was updated
THE_SENSOR = "0.0.0.0"  # noqa: S104  its rows about itself


@dataclass
class Seen:
    """What the words add up to."""

    rows: list[Exposure] = field(default_factory=list)
    calls: list[Exposure] = field(default_factory=list)
    sensors: list[Exposure] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    renewed: float | None = None


def surroundings(device: Device, words: Iterable[str], vulnerability: str = "") -> Surroundings:
    """Return a device with its evidence; raises `ValueError` for words that are not known."""
    seen = Seen()
    for text in words:
        _put(seen, text, vulnerability)
    return Surroundings(
        device=replace(device, ips=(ADDRESS,), attributes=tuple(_attributes(device, seen))),
        now=NOW,
        rows=tuple(seen.rows),
        calls=tuple(seen.calls),
        sensors={SENSOR: tuple(seen.sensors)},
        handling=tuple(fact for fact in seen.facts if fact.kind != "boundary"),
        boundaries=Boundaries(seen.facts),
        zone_of=zone,
    )


def zone(ip: str) -> str:
    """Return the zone of an address, by the two numbers that it begins with."""
    return ".".join(ip.split(".")[:2])


def _put(seen: Seen, text: str, vulnerability: str) -> None:
    if earlier := re.fullmatch(r"(?P<words>.+) (?P<days>\d+) days ago", text):
        then = Seen()
        _put(then, earlier["words"], vulnerability)
        _add(seen, then, (int(earlier["days"]) - 1) * DAY)
        return
    for pattern, put in _WORDS:
        if found := re.fullmatch(pattern, text):
            put(seen, {**found.groupdict(), "vulnerability": vulnerability})
            return
    raise ValueError(f"unknown words: {text!r}")


def _add(seen: Seen, then: Seen, ago: float) -> None:
    """Add what was seen so many seconds before."""
    for kept, found in ((seen.rows, then.rows), (seen.calls, then.calls)):
        kept += [_moved(one, ago) for one in found]
    seen.sensors += [_moved(one, ago) for one in then.sensors]
    seen.facts += [replace(one, at=one.at - ago) for one in then.facts]
    seen.attributes += [replace(one, last_seen=one.last_seen - ago) for one in then.attributes]


def _moved(one: Exposure, ago: float) -> Exposure:
    return replace(one, first_seen=one.first_seen - ago, last_seen=one.last_seen - ago)


def _attributes(device: Device, seen: Seen) -> Iterable[Attribute]:
    for one in device.attributes:
        new = seen.renewed is not None and one.name == "software_versions"
        yield replace(one, first_seen=seen.renewed) if new and seen.renewed else one
    if seen.renewed is not None:
        yield replace(attribute("software_versions", BEFORE), current=False)
    yield from seen.attributes


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


_OFTEN = {"once": (1, 1), "twice": (2, 2), "to one": (6, 1), None: (6, 3)}  # times, sources


def _refuses(seen: Seen, said: dict[str, Any]) -> None:
    count, sources = _OFTEN[said.get("often")]
    by = "network" if said.get("network") else "device"
    peers = tuple(peer.replace(zone(peer), said.get("zone") or zone(peer)) for peer in OFFICE)
    seen.rows.append(
        row("service", state="refused", by=by, peers=peers[:sources], clients=sources,
            count=count, **_port(said))
    )  # fmt: skip
    _beats(seen, 3)


def _beats(seen: Seen, days: int, away: int | None = None) -> None:
    for day in (day for day in range(days, -1, -1) if day != away):
        at = NOW - day * DAY - 3600
        for value, count in (("sensor", 400), ("acks", 90_000), ("gaps", 20), ("packets", 10**6)):
            seen.sensors.append(
                row("coverage", host=THE_SENSOR, value=value, count=count,
                    first_seen=at - DAY / 2, last_seen=at)
            )  # fmt: skip


def _covered(seen: Seen, said: dict[str, Any]) -> None:
    days = int(said.get("days") or 30)
    _beats(seen, days, int(said["away"]) if said.get("away") else None)
    flows = int(said.get("flows") or 200)
    seen.rows.append(
        row("coverage", value="flows", count=flows, first_seen=NOW - (days + 0.5) * DAY)
    )
    if said.get("flows"):
        return  # and no link-up
    up = NOW - (min(days, 29) - 1) * DAY
    seen.rows.append(row("coverage", value="link_up_arp", count=1, first_seen=up, last_seen=up))


def _link_up(seen: Seen, _: dict[str, Any]) -> None:
    at = NOW - 0.4 * DAY
    seen.rows.append(row("coverage", value="link_up_arp", count=1, first_seen=at, last_seen=at))


def _loses(seen: Seen, said: dict[str, Any]) -> None:
    value, count = ("gaps", 50_000) if said["how"] == "loses" else ("dropped", 10**6)
    seen.sensors.append(row("coverage", host=THE_SENSOR, value=value, count=count))


def _silent(seen: Seen, _: dict[str, Any]) -> None:
    seen.sensors.clear()


def _updated(seen: Seen, _: dict[str, Any]) -> None:
    seen.renewed = NOW - 0.4 * DAY


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


def _boundary(seen: Seen, said: dict[str, Any]) -> None:
    proto, _, number = (said["port"] or "ip/").partition("/")
    values = {
        "from": said["source"] or "any", "to": said["target"] or "10.30.1.0/24", "protocol": proto,
        "port": number, "action": said["action"][:-1].replace("denie", "deny"),
        "condition": said["condition"] or "", "enforced_by": "fw1",
    }  # fmt: skip
    _fact(seen, "boundary", {key: text for key, text in values.items() if text})


def _bench(seen: Seen, said: dict[str, Any]) -> None:
    until = {"expires": said["until"]} if said["until"] else {}
    _fact(seen, "bench", {
        "vulnerability": (said["about"] or said["vulnerability"]).upper(), "result": said["value"],
        "date": said["date"] or "2026-12-01", "by": "K. Tester", "model": "any", **until,
    })  # fmt: skip


def _patched(seen: Seen, said: dict[str, Any]) -> None:
    name = (said["about"] or said["vulnerability"]).upper()
    _fact(seen, "patch", {"vulnerability": name, "status": said["status"] or "applied"})


_PORT = r"(?P<port>(?:tcp|udp)/\d+)"
_SERVICE = r"(?P<service>[\w.-]+)"
_WORDS: tuple[tuple[str, Callable[[Seen, dict[str, Any]], None]], ...] = (
    (rf"accepts {_PORT}(?: (?!from){_SERVICE})?(?: from (?P<peer>[\d.:a-f/]+))?", _accepts),
    (rf"(?P<network>network )?refuses {_PORT}(?: (?P<often>once|twice|to one))?"
     r"(?: from (?P<zone>\d+\.\d+))?", _refuses),
    (r"(?P<action>denies|permits) (?:everything|(?P<port>(?:tcp|udp)/[\d,-]+))"
     r"(?: from (?P<source>[\d./]+))?(?: to (?P<target>any|[\d./]+))?"
     r"(?: if (?P<condition>\w+))?", _boundary),
    (r"covered(?: (?P<days>\d+) days)?(?:, away on day (?P<away>\d+))?"
     r"(?:, (?P<flows>\d+) connections and no link-up)?", _covered),
    (r"link came up", _link_up),
    (r"the sensor (?P<how>loses|drops) packets", _loses),
    (r"the sensor tells nothing of itself", _silent),
    (r"updated", _updated),
    (rf"shows (?P<value>[\w.]+)(?: on {_PORT})?(?: (?!on){_SERVICE})?", _shows),
    (r"uses (?P<value>\w+)", _uses),
    (r"role (?P<value>.+)", _role),
    (rf"reads {_SERVICE}", _reads),
    (rf"calls (?P<peer>[\d.:a-f]+)(?: {_PORT})?(?: {_SERVICE})?", _calls),
    (r"component (?P<value>.+)", _component),
    (r"bench: (?P<value>exploitable|not exploitable)(?: on (?P<date>[\d-]+))?"
     r"(?: until (?P<until>[\d-]+))?(?: as (?P<about>[\w-]+))?", _bench),
    (r"patch(?:ed| (?P<status>approved|refused))(?: as (?P<about>[\w-]+))?", _patched),
)  # fmt: skip
