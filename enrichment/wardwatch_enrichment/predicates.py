"""Whether what an attacker needs is there, by the evidence: true, false in two strengths, unknown.

Silence is never proof: it is weak, and only where the sensor would have heard. A refusal is proof
only from the device itself, often enough, from everywhere that calls it, since it was last
switched on, and where hardly a packet was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network

from wardwatch_enrichment import reachable
from wardwatch_enrichment.finding import Answer, Exposure, Ground, Proof, Truth
from wardwatch_enrichment.model import Attribute
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.reachable import described, is_of, row_ground, silence
from wardwatch_enrichment.surroundings import LIFE, Surroundings
from wardwatch_enrichment.version_text import read
from wardwatch_enrichment.versions import contains, parse

_OPEN, _CLOSED = ("not_demanded", "anonymous", "guest"), ("demanded",)
_ACCESS = {
    "physical": "somebody at the device itself",
    "local": "a user, a file or a log-in on the machine",
    "radio": "a transmitter within radio range",
    "adjacent": "an attacker in the same segment",
}


def answer(need: Need, around: Surroundings) -> Answer:
    """Return what one need is on one device."""
    return _KINDS[need.kind](need, around)


def _no_authentication(need: Need, around: Surroundings) -> Answer:
    name = f"no authentication at {described(need)}"
    rows = [r for r in around.of("auth") if is_of(r, need)]
    open_, closed = _with(rows, _OPEN), _with(rows, _CLOSED)
    if open_ and closed:
        missing = "some requests were answered without, some were not"
        return Answer(predicate=name, truth="unknown", missing=missing)
    if open_:
        return _seen(name, open_, "answered without authentication")
    if closed:
        return Answer(
            predicate=name,
            truth="strong_false",
            grounds=(row_ground(closed[-1], "configuration", "authentication was demanded"),),
            justification="requires_configuration",
        )
    return Answer(predicate=name, truth="unknown", missing="a request that it answers")


def _shows(need: Need, around: Surroundings) -> Answer:
    name = f"{described(need)} with {' or '.join(need.values)}"
    rows = [r for kind in ("auth", "uses") for r in around.of(kind) if is_of(r, need)]
    if found := _with(rows, need.values):
        return _seen(name, found, f"showed {found[-1].value}")
    if other := _with(rows, need.contrary):
        sentence = f"only {', '.join(sorted({r.value or '' for r in other}))} was shown"
        return Answer(
            predicate=name,
            truth="weak_false",
            grounds=(row_ground(other[-1], "configuration", sentence),),
            justification="requires_configuration",
        )
    return silence(name, around, "it was never shown")


def _uses(need: Need, around: Surroundings) -> Answer:
    name = f"uses {' and '.join(need.values)}"
    for value in need.values:
        rows = _with(around.of("uses"), (value,))
        if not rows:
            return _unused(name, value, around)
    rows = _with(around.of("uses"), need.values)
    return _seen(name, rows, f"used {', '.join(need.values)}")


def _unused(name: str, value: str, around: Surroundings) -> Answer:
    """Return what it says that something was not used, not even as the link came up."""
    weak = silence(name, around, f"{value} was never used")
    watched = around.watched
    if value not in ("ipv6", "dhcp") or weak.truth != "weak_false" or not watched:
        return weak
    long = value == "ipv6" or watched.until - watched.since >= LIFE - 1
    if watched.link_up is None or not long:
        return weak
    proof = Ground(
        kind="configuration",
        sentence=f"no {value} was used, not even as its link came up",
        signed_by=", ".join(watched.sensors),
        time=watched.link_up,
        expires=watched.link_up + LIFE,
        void=("new software", f"any {value} from it"),
    )
    why = "requires_configuration"
    return Answer(predicate=name, truth="strong_false", grounds=(proof,), justification=why)


def _role(need: Need, around: Surroundings) -> Answer:
    name = f"acts as {' or '.join(need.values)}"
    roles = [a for a in _attributes(around, "dicom.role") if _is_role(a.value, need.values)]
    if roles:
        return _stated(name, roles[-1], f"acted as {roles[-1].value}")
    return silence(name, around, "it was never seen in that role")


def _is_role(value: str, wanted: Iterable[str]) -> bool:
    return any(value == one or value.rsplit(maxsplit=1)[-1] == one for one in wanted)


def _clear(need: Need, around: Surroundings) -> Answer:
    name = f"clear text of {described(need)}"
    for prefix in need.names:
        found = [
            a
            for a in around.device.attributes
            if any(e.field.startswith(f"{prefix}.") for e in a.evidence)
            and around.now - a.last_seen <= LIFE
        ]
        if found:
            return _stated(name, found[-1], f"its {prefix} could be read")
    rows = [
        r
        for r in (*around.of("service"), *around.calls)
        if r.state == "accepted" and is_of(r, need) and not {"ssl", "tls"} & set(r.services)
    ]
    if rows := [r for r in rows if set(r.services) & set(need.names)]:
        return _seen(name, rows, "its protocol could be recognised, so that it is readable")
    return silence(name, around, "none was readable")


def _calls(need: Need, around: Surroundings) -> Answer:
    name = f"calls {', '.join(need.to) or 'out'}" + (f" {', '.join(need.ports)}").rstrip()
    rows = [r for r in around.calls if r.state == "accepted" and (is_of(r, need) or not need.ports)]
    if not need.ports and not need.names:
        rows = [r for r in around.of("peers") if r.value == "to"]
        rows = [r for r in rows if any(_is_in(peer, need.to) for peer in r.peers)]
    elif need.to:
        rows = [r for r in rows if _is_in(r.host, need.to)]
    if rows:
        return _seen(name, rows, "it opened such a session")
    return silence(name, around, "no such session was seen")


def _is_in(peer: str, networks: Iterable[str]) -> bool:
    address = ip_network(peer)
    found = (ip_network(network) for network in networks)
    return any(
        address.version == network.version and address.subnet_of(network)  # type: ignore[arg-type]
        for network in found
    )


def _component(need: Need, around: Surroundings) -> Answer:
    name = f"{' or '.join(need.names)} {need.versions}".strip()
    wanted = {one.casefold() for one in need.names}
    meant = read(need.versions, told=True).versions if need.versions else None
    outside: Attribute | None = None
    for found in _attributes(around, "component"):
        called, _, version = found.value.rpartition(" ")
        if found.value.casefold() in wanted and meant is None:
            return _stated(name, found, f"{found.value} was seen")
        if called.casefold() not in wanted:
            continue
        inside = contains(meant, parse(version)) if meant else "in"
        if inside == "in":
            return _stated(name, found, f"{found.value} was seen")
        outside = found if inside == "out" else outside
    if outside is None:
        return Answer(predicate=name, truth="unknown", missing="a message that names it")
    ground = _ground(outside, "version", f"{outside.value} was seen")
    why = "code_not_present"
    return Answer(predicate=name, truth="strong_false", grounds=(ground,), justification=why)


def _access(need: Need, around: Surroundings) -> Answer:
    kind = need.values[0]
    truths: dict[str, Truth] = {"physical": "strong_false", "local": "weak_false"}
    ground = Ground(
        kind="manufacturer",
        sentence=f"asks for {_ACCESS[kind]}",
        signed_by="the advisory",
        time=around.now,
    )
    return Answer(
        predicate=f"{kind} access",
        truth=truths.get(kind, "unknown"),
        grounds=(ground,),
        justification="requires_environment" if kind in truths else None,
        missing="" if kind in truths else "no sensor on the wire can tell",
    )


def _condition(need: Need, _: Surroundings) -> Answer:
    missing = "a bench test, or the manufacturer's statement"
    return Answer(predicate=need.text, truth="unknown", missing=missing)


def _any(need: Need, around: Surroundings) -> Answer:
    """Return the best of several, of which one is enough; false only where all are."""
    found = [answer(one, around) for one in need.any]
    for truth in ("true", "unknown", "weak_false"):
        if best := next((one for one in found if one.truth == truth), None):
            return best
    return found[0]


def _attributes(around: Surroundings, name: str) -> Iterator[Attribute]:
    for found in around.device.attributes:
        if found.name == name and found.current and around.now - found.last_seen <= LIFE:
            yield found


def _with(rows: Iterable[Exposure], values: Iterable[str]) -> list[Exposure]:
    wanted = set(values)
    return sorted((r for r in rows if r.value in wanted), key=lambda r: r.last_seen)


def _seen(name: str, rows: list[Exposure], sentence: str) -> Answer:
    return Answer(predicate=name, truth="true", grounds=(row_ground(rows[-1], "seen", sentence),))


def _stated(name: str, attribute: Attribute, sentence: str) -> Answer:
    ground = _ground(attribute, "seen", sentence)
    return Answer(predicate=name, truth="true", grounds=(ground,))


def _ground(attribute: Attribute, kind: Proof, sentence: str) -> Ground:
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


_KINDS: dict[str, Callable[[Need, Surroundings], Answer]] = {
    "service": reachable.service,
    "no_authentication": _no_authentication,
    "shows": _shows,
    "uses": _uses,
    "role": _role,
    "clear": _clear,
    "calls": _calls,
    "component": _component,
    "access": _access,
    "condition": _condition,
    "any": _any,
}
