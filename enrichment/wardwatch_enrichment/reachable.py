"""Whether a service of a device can be reached: accepted, refused, kept out, silent, or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Answer, Exposure, Ground, Proof
from wardwatch_enrichment.links import is_link_local
from wardwatch_enrichment.model import Attribute
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.presence import told
from wardwatch_enrichment.surroundings import LIFE, LOSS, Surroundings

REFUSALS, SOURCES = 3, 2
# What a sensor recognises on any port, by the names of Zeek's analyzers and of our dissectors; that
# something else was not seen says nothing.
RECOGNISED = frozenset({
    "astm", "bacnet", "dce_rpc", "dhcp", "dicom", "dnp3", "dns", "enip", "fhir",
    "ftp", "hl7", "http", "imap", "intellivue", "irc", "krb", "ldap", "modbus",
    "mqtt", "mysql", "ntlm", "ntp", "pop3", "poct1a", "postgresql", "radius", "rdp",
    "redis", "rfb", "sdc", "sip", "smb", "smtp", "snmp", "socks", "ssh",
    "ssl", "syslog", "telnet", "websocket",
})  # fmt: skip
_VOID = ("it is switched on or its link comes up", "a service visit", "a caller from another zone")


def service(need: Need, around: Surroundings) -> Answer:
    """Return whether connections are accepted at one of the ports, or as one of the services."""
    name = f"service {described(need)}"
    rows = [r for r in around.of("service") if is_of(r, need)]
    accepted = [r for r in rows if r.state == "accepted"]
    refused = [r for r in rows if r.state == "refused" and r.by == "device"]
    last = max((r.last_seen for r in accepted), default=0.0)
    refused = [r for r in refused if r.first_seen > last]
    held = [r for r in refused if around.bears(r)]
    strong = None if _is_more(around, "service") else _refusals(need, held, around)
    elsewhere = any(f"{r.proto}/{r.port}" not in need.ports for r in accepted)
    if accepted and (elsewhere or need.mode_dependent or not strong):
        latest = max(accepted, key=lambda r: r.last_seen)
        sentence = f"connections to {_port(latest)} were accepted{_whence(accepted, around)}"
        ground = row_ground(latest, "seen", sentence)
        return Answer(predicate=name, truth="true", grounds=(ground,))
    grounds = [ground for ground in (_kept_out(need, around), strong) if ground]
    if grounds and need.mode_dependent:
        grounds = [ground for ground in grounds if ground.kind == "boundary"]
        if not grounds:
            return _weak(name, refused)
    if grounds:
        boundary = grounds[0].kind == "boundary"
        why = "protected_at_perimeter" if boundary else "requires_configuration"
        return Answer(
            predicate=name, truth="strong_false", grounds=tuple(grounds), justification=why
        )
    if missing := _unheard(need, around):
        return Answer(predicate=name, truth="unknown", missing=missing)
    proof = refused if len(held) < len(refused) and _refusals(need, refused, around) else ()
    return never(name, around, "it was never accepted", proof, "that it refuses")


def _unheard(need: Need, around: Surroundings) -> str:
    """Return why that nothing was seen of it says nothing; empty where it may."""
    if not need.ports and not RECOGNISED & set(need.names):
        return "at which port it is, or a sensor that recognises it"
    if any(r.kind == "service" and r.state == "accepted" and is_of(r, need) for r in around.rows):
        return "a connection to it: it was accepted, but not in the last 30 days"
    return ""


def reached_from(need: Need, around: Surroundings) -> frozenset[str]:
    """Return the zones from which the service was reached."""
    rows = (r for r in around.of("service") if r.state == "accepted" and is_of(r, need))
    return around.zones(rows)


def is_of(row: Exposure, need: Need) -> bool:
    """Tell whether a row is of a port or a service that a need names; of any if it names none."""
    if not need.ports and not need.names:
        return True
    if set(need.names) & set(row.services):
        return True
    return any(at in need.ports for at in (f"{row.proto}/{row.port}", f"{row.proto}/*"))


def described(need: Need) -> str:
    """Return the ports and services of a need in words."""
    ports = [f"any {port[:3]} port" if port.endswith("*") else port for port in need.ports]
    return " or ".join((*ports, *need.names)) or "any service"


def never(
    name: str, around: Surroundings, sentence: str, proof: Sequence[Exposure], what: str
) -> Answer:
    """Return what silence says, or why not even `proof` says `what` any more."""
    found = silence(name, around, sentence)
    return lapsed(name, proof, around, what) if proof and found.truth == "unknown" else found


def lapsed(name: str, rows: Iterable[Exposure], around: Surroundings, what: str) -> Answer:
    """Return that a proof fell with its sensor: what was so since, nobody saw."""
    why = around.lapsed(rows)
    gone = any(row.sensor in around.silent for row in rows)
    missing = f"to see anew {what}: {why}"
    return Answer(predicate=name, truth="unknown", missing=missing, lapsed=why if gone else "")


def silence(name: str, around: Surroundings, sentence: str) -> Answer:
    """Return what it says that nothing was seen: something only where it would have been."""
    watched = around.watched
    if _is_more(around, "service", "uses", "auth"):
        missing = "more than a sensor tells apart was seen of it"
        return Answer(predicate=name, truth="unknown", missing=missing)
    if watched and around.silent and watched.speaks(watched.until):
        why = told(around.silent)
        missing = f"a sensor that sees it: {why}"
        return Answer(predicate=name, truth="unknown", missing=missing, lapsed=why)
    if watched is None or not watched.speaks(around.now):
        missing = "14 days of a sensor that sees it, with a link-up or 50 connections"
        return Answer(predicate=name, truth="unknown", missing=missing)
    days = (watched.until - watched.since) / 86_400
    ground = Ground(
        kind="silence",
        sentence=f"{sentence} in {days:.0f} days and {watched.flows} connections",
        signed_by=", ".join(watched.sensors),
        time=watched.until,
        expires=watched.until + 86_400.0,
        void=("a new listener, caller, version or address", "a gap of the sensor of over a day"),
    )
    return Answer(
        predicate=name,
        truth="weak_false",
        grounds=(ground,),
        justification="requires_configuration",
    )


def _is_more(around: Surroundings, *kinds: str) -> bool:
    """Tell whether rows were joined over a limit, in which anything may be that is looked for."""
    joined = (row for kind in kinds for row in around.of(kind) if row.value == "other")
    return any(row.state in (None, "accepted") for row in joined)


def row_ground(row: Exposure, kind: Proof, sentence: str) -> Ground:
    """Return a row of a sensor as what an answer rests on."""
    return Ground(
        kind=kind,
        sentence=sentence,
        signed_by=row.sensor,
        time=row.last_seen,
        expires=row.last_seen + LIFE,
        void=_VOID if kind in ("refusal", "configuration") else (),
        log=row.log,
        line=row.line,
    )


def attribute_ground(attribute: Attribute, kind: Proof, sentence: str) -> Ground:
    """Return an attribute of a device as what an answer rests on."""
    proof = attribute.evidence[0] if attribute.evidence else None
    return Ground(
        kind=kind,
        sentence=sentence,
        signed_by=proof.sensor if proof else "",
        time=attribute.last_seen,
        expires=attribute.last_seen + LIFE,
        void=("new software",),
        log=proof.log if proof else None,
        line=proof.line if proof else "",
    )


def _refusals(need: Need, rows: list[Exposure], around: Surroundings) -> Ground | None:
    """Return the refusals as a proof, if they are one; each port that is needed must refuse."""
    rows = [r for r in rows if r.first_seen >= around.renewed and r.last_seen <= around.now]
    if not rows or not need.ports or any(port.endswith("*") for port in need.ports):
        return None
    if not all(
        _is_refused([r for r in rows if f"{r.proto}/{r.port}" == port], around)
        for port in need.ports
    ):
        return None
    latest = max(rows, key=lambda r: r.last_seen)
    loss = around.loss(min(r.first_seen for r in rows), latest.last_seen)
    if loss is None or loss >= LOSS:
        return None
    total = sum(r.count for r in rows)
    sentence = f"the device itself refused {', '.join(need.ports)} {total} times"
    return row_ground(latest, "refusal", sentence + _whence(rows, around))


def _is_refused(rows: list[Exposure], around: Surroundings) -> bool:
    """Tell whether one port refuses often enough, several callers, from everywhere that calls."""
    counts: dict[str, int] = {}
    for row in rows:  # several sensors may have seen the same
        counts[row.sensor] = counts.get(row.sensor, 0) + row.count
    sources = {peer for row in rows for peer in row.peers if "/" not in peer}
    most = max((len(sources), *(row.clients for row in rows)))
    if max(counts.values(), default=0) < REFUSALS or most < SOURCES:
        return False
    if not around.called <= {row.host for row in rows}:
        return False  # at another address of its own it may listen
    return around.callers <= around.zones(rows, surely=True)


def _kept_out(need: Need, around: Surroundings) -> Ground | None:
    """Return the boundary that keeps everybody from all of the ports."""
    denied: list[Fact] = []
    for port in need.ports:
        proto, _, number = port.partition("/")
        if not number.isdigit():
            return None
        ips = [ip for ip in around.device.ips if not is_link_local(ip)]  # no list is between
        row = around.boundaries.denied(ips, proto, int(number), around.let_in)
        if row is None:
            return None
        denied.append(row)
    row = min(denied, key=lambda fact: fact.at, default=None)
    if row is None or around.now - row.at > LIFE:
        return None
    where = f"{row.source}:{row.line}"
    rule = row.values.get("enforced_by", "") or where
    return Ground(
        kind="boundary",
        sentence=f"where it is applied, {rule} denies {', '.join(need.ports)} to it from anywhere",
        signed_by=where,
        time=row.at,
        expires=row.at + LIFE,
        void=("a change of that rule set", "a caller within its own network"),
        log="site facts",
        line=", ".join(f"{key}={text}" for key, text in row.values.items()),
    )


def _weak(name: str, refused: list[Exposure]) -> Answer:
    latest = max(refused, key=lambda r: r.last_seen)
    sentence = f"{_port(latest)} was refused, but it runs only in some states of the device"
    return Answer(
        predicate=name,
        truth="weak_false",
        grounds=(row_ground(latest, "refusal", sentence),),
        justification="requires_configuration",
    )


def _port(row: Exposure) -> str:
    name = f" ({', '.join(row.services)})" if row.services else ""
    return f"{row.proto}/{row.port}{name}"


def _whence(rows: Iterable[Exposure], around: Surroundings) -> str:
    peers = sorted({peer for row in rows for peer in row.peers})
    if not peers:
        return ""
    some = ", ".join(peers[:3]) + (", …" if len(peers) > 3 else "")
    zones = sorted(zone for zone in around.zones(rows) if zone != "somewhere")
    return f" from {some}" + (f" ({', '.join(zones)})" if zones else "")
