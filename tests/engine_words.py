"""What the tests of the engine share: rows and advisories that tempt it, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from evidence_words import ADDRESS, DAY, NOW, OFFICE, SENSOR, THE_SENSOR, attribute, row

from wardwatch_enrichment import exploitability, handling, matching, predicates, version_text
from wardwatch_enrichment.advisory import Advisory, Note, Product, Status, Versions, Vulnerability
from wardwatch_enrichment.assessment import Assessment
from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Exposure, Finding
from wardwatch_enrichment.model import Device, Statement
from wardwatch_enrichment.preconditions import need
from wardwatch_enrichment.surroundings import Surroundings

TELNET = {"service": {"ports": ["tcp/23"], "names": ["telnet"]}}
WEB = {"service": {"ports": ["tcp/80", "tcp/443"], "names": ["http"]}}
BARE = Device(id="d", site="s", first_seen=0.0, last_seen=NOW)
OTHER = "tap2"


def beats(
    sensor: str = SENSOR, days: float = 30, until: float = NOW, **counts: int
) -> list[Exposure]:
    """Return what a sensor says of itself, a row a day."""
    told = {"sensor": 400, "acks": 90_000, "gaps": 20, "packets": 10**6, "dropped": 0} | counts
    return [
        row(
            "coverage", host=THE_SENSOR, sensor=sensor, value=value, count=count,
            first_seen=until - (day + 1) * DAY, last_seen=until - day * DAY,
        )
        for day in range(int(days))
        for value, count in told.items()
    ]  # fmt: skip


def refusals(port: int = 23, proto: str = "tcp", **values: Any) -> Exposure:
    """Return refusals by the device itself, as they are a proof unless `values` say otherwise."""
    given: dict[str, Any] = {"peers": OFFICE, "clients": 3, "count": 6, **values}
    return row("service", state="refused", by="device", proto=proto, port=port, **given)


def accepts(port: int, *services: str, **values: Any) -> Exposure:
    """Return that a service answered."""
    given: dict[str, Any] = {"peers": OFFICE[:1], "clients": 1, **values}
    return row("service", state="accepted", proto="tcp", port=port, services=services, **given)


def called(*peers: str, **values: Any) -> Exposure:
    """Return who called the device."""
    return row("peers", value="from", peers=peers, **values)


def around(
    rows: Iterable[Exposure],
    *said: Exposure,
    facts: Iterable[Fact] = (),
    device: Device = BARE,
    calls: Iterable[Exposure] = (),
) -> Surroundings:
    """Return a device with its rows, and what the sensors `said` of themselves."""
    told: dict[str, list[Exposure]] = {}
    for one in said or beats():
        told.setdefault(one.sensor, []).append(one)
    every = tuple(facts)
    return Surroundings(
        device=replace(device, ips=device.ips or (ADDRESS,)),
        now=NOW,
        rows=tuple(rows),
        calls=tuple(calls),
        sensors={name: tuple(of) for name, of in told.items()},
        handling=tuple(f for f in every if f.kind != "boundary"),
        boundaries=Boundaries(every),
        zone_of=lambda ip: ip.rpartition(".")[0] if "." in ip else ip[:9],
    )


def truth(asked: dict[str, Any], where: Surroundings) -> str:
    """Return what a need is there."""
    return predicates.answer(need(asked), where).truth


def fact(kind: Any, at: float = NOW - DAY, **values: str) -> Fact:
    """Return a fact of the site."""
    return Fact(kind=kind, values=values, source="site.csv", line=1, at=at)


def rule(action: str, source: str, target: str, **values: str) -> Fact:
    """Return a row of a boundary."""
    told = {"from": source, "to": target, "action": action, "enforced_by": "fw1", **values}
    return Fact(
        kind="boundary", values=told, source="fw.csv", line=int(values.get("rule", 1)), at=NOW - DAY
    )


def judged(asked: dict[str, Any], where: Surroundings, **values: Any) -> Finding:
    """Return the verdict on a vulnerability that has one need."""
    made = Finding(
        id="f", device_id="d", vulnerability="CVE-2020-0001", affected="confirmed", **values
    )
    one = need(asked)
    test = handling.tested({"CVE-2020-0001"}, where.handling, where.now, where.new_software)
    answers = (predicates.answer(one, where), *([test] if test else []))
    return exploitability.judged(made, answers, (one,), where)


def product(name: str = "Spectrum 9", versions: str = "", **values: Any) -> Product:
    """Return a leaf of an advisory."""
    meant = Versions(kind="all", text="")
    if versions:
        meant = version_text.read(versions, told=True).versions
    given: dict[str, Any] = {
        "id": "P1", "title": name, "vendor": "Acme", "makers": ("Acme",), "names": (name,),
        "versions": meant, **values,
    }  # fmt: skip
    return Product(**given)


def advisory(products: Iterable[Product], states: dict[str, Any], name: str = "A-1") -> Advisory:
    """Return an advisory of one vulnerability."""
    about = Vulnerability(
        cve="CVE-2020-0001",
        statuses=tuple(Status(product_id=p, state=s, stated=s) for p, s in states.items()),
        notes=(Note(category="summary", text="a web page"),),
    )
    return Advisory(
        id=name, source="csaf", title="t", category="csaf_security_advisory", publisher="CISA",
        published=None, updated=0.0, revision="1", status="final", products=tuple(products),
        vulnerabilities=(about,),
    )  # fmt: skip


def unit(*versions: str, **values: Any) -> Device:
    """Return a device of the product."""
    given: dict[str, Any] = {"manufacturer": "Acme", "model": "Spectrum 9", **values}
    told = tuple(attribute("software_versions", version) for version in versions)
    return replace(
        BARE, software_versions=versions, attributes=(*told, *given.pop("attributes", ())), **given
    )


def state(device: Device, *advisories: Advisory) -> str | None:
    """Return how far a device is affected, None without any match."""
    found = matching.Index(advisories, {}).matches(device).get("CVE-2020-0001", ())
    return matching.affected(found) if found else None


AFFECTED, FIXED = {"P1": "affected"}, {"P1": "affected", "P2": "fixed"}


def finding(
    where: Surroundings, *advisories: Advisory, said: tuple[Statement, ...] = ()
) -> Finding:
    """Return what the advisories come to on a device."""
    (found,) = Assessment(matching.Index(advisories, {}), lambda _: said).findings(where)
    return found
