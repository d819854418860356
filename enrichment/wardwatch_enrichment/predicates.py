"""Whether what an attacker needs is there, by the evidence: true, false in two strengths, unknown.

Silence is never proof: it is weak, and only where the sensor would have heard. A refusal is proof
only from the device itself, often enough, from everywhere that calls it, since it was last
switched on, and where hardly a packet was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from wardwatch_enrichment import reachable, supposition
from wardwatch_enrichment.finding import Answer, Exposure, Ground, Truth
from wardwatch_enrichment.model import Attribute
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.reachable import (
    attribute_ground,
    described,
    is_of,
    lapsed,
    never,
    row_ground,
    silence,
)
from wardwatch_enrichment.surroundings import LIFE, Surroundings, is_within
from wardwatch_enrichment.version_text import read
from wardwatch_enrichment.versions import contains, parse

_OPEN, _CLOSED = ("not_demanded", "anonymous", "guest"), ("demanded",)
_ACCESS = {
    "physical": "somebody at the device itself",
    "local": "a user, a file or a log-in on the machine",
    "radio": "a transmitter within radio range",
    "adjacent": "an attacker in the same segment",
}
_ACCESS_NAMES = frozenset(f"{kind} access" for kind in _ACCESS)


def answer(need: Need, around: Surroundings) -> Answer:
    """Return what one need is on one device."""
    known = around.answered.get(need)
    if known is None:
        ask = _KINDS[need.kind]
        known = ask(need, around)
        if around.supposed:
            known = supposition.revised(need, known, around, ask)
        around.answered[need] = known
    return known


def _no_authentication(need: Need, around: Surroundings) -> Answer:
    name = f"no authentication at {described(need)}"
    rows = [r for r in around.of("auth") if is_of(r, need)]
    at_port = [r for r in rows if f"{r.proto}/{r.port}" in need.ports]
    open_ = _with(rows, _OPEN)
    shut = _since_renewed(_with(at_port if need.ports else rows, _CLOSED), around)
    closed = [r for r in shut if around.bears(r)]
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
    if shut:
        return lapsed(name, shut, around, "that authentication is demanded")
    return Answer(predicate=name, truth="unknown", missing="a request that it answers")


def _shows(need: Need, around: Surroundings) -> Answer:
    name = f"{described(need)} with {' or '.join(need.values)}"
    rows = [r for kind in ("auth", "uses") for r in around.of(kind) if is_of(r, need)]
    if found := _with(rows, need.values):
        return _seen(name, found, f"showed {found[-1].value}")
    contrary = _since_renewed(_with(rows, need.contrary), around)
    if other := [r for r in contrary if around.bears(r)]:
        sentence = f"only {', '.join(sorted({r.value or '' for r in other}))} was shown"
        return Answer(
            predicate=name,
            truth="weak_false",
            grounds=(row_ground(other[-1], "configuration", sentence),),
            justification="requires_configuration",
        )
    return never(name, around, "it was never shown", contrary, f"{', '.join(need.contrary)} alone")


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
    if watched.on_link is None or not long:
        return weak
    proof = Ground(
        kind="configuration",
        sentence=f"no {value} was used, not even as its link came up",
        signed_by=", ".join(watched.sensors),
        time=watched.on_link,
        expires=watched.on_link + LIFE,
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
    own = frozenset(around.device.ips)  # what others tell of it is their clear text
    for prefix in need.names:
        found = [
            a
            for a in around.device.attributes
            if around.now - a.last_seen <= LIFE
            and any(
                e.field.startswith(f"{prefix}.") and "tls" not in e.field and e.host in own
                for e in a.evidence
            )
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
    name = " ".join(filter(None, ("calls", ", ".join(need.to) or "out", ", ".join(need.ports))))
    out = [r for r in around.of("peers") if r.value == "to"]
    if need.ports or need.names:
        rows = [r for r in around.calls if r.state == "accepted" and is_of(r, need)]
        rows = [r for r in rows if not need.to or _is_in(r.host, need.to)]
    else:
        rows = [r for r in out if not need.to or any(_is_in(p, need.to) for p in r.peers)]
    if rows:
        return _seen(name, rows, "it opened such a session")
    known = {row.host for row in around.calls}
    peers = {peer for r in out for peer in r.peers}
    if (need.ports or need.names) and peers - known:
        missing = "which services it calls at hosts of which no sensor tells"
        return Answer(predicate=name, truth="unknown", missing=missing)
    if any(is_within(one, peer) for one in need.to for peer in peers if "/" in peer):
        missing = "whom it calls in a network of which only the prefix was kept"
        return Answer(predicate=name, truth="unknown", missing=missing)
    return silence(name, around, "no such session was seen")


def _is_in(peer: str, networks: Iterable[str]) -> bool:
    return any(is_within(peer, network) for network in networks)


def _component(need: Need, around: Surroundings) -> Answer:
    name = f"{' or '.join(need.names)} {need.versions}".strip()
    wanted = {one.casefold() for one in need.names}
    meant = read(need.versions, told=True).versions if need.versions else None
    outside: Attribute | None = None
    unsure = False
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
        unsure = unsure or inside == "cannot tell"
    if outside is None or unsure:
        return Answer(predicate=name, truth="unknown", missing="a message that names it")
    ground = attribute_ground(outside, "version", f"{outside.value} was seen")
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
    found.sort(key=lambda one: not one.lapsed)  # what is missing now before what always was
    for truth in ("true", "unknown", "weak_false"):
        if best := next((one for one in found if one.truth == truth), None):
            return best
    # It is no better proven than the one that is proven worst.
    return min(found, key=lambda one: (len(one.grounds), one.predicate in _ACCESS_NAMES))


def _attributes(around: Surroundings, name: str) -> Iterator[Attribute]:
    for found in around.device.attributes:
        if found.name == name and found.current and around.now - found.last_seen <= LIFE:
            yield found


def _since_renewed(rows: Iterable[Exposure], around: Surroundings) -> list[Exposure]:
    """Return what was so since it was last switched on; within one day the order is not known."""
    return [r for r in rows if r.first_seen >= around.renewed and r.last_seen <= around.now]


def _with(rows: Iterable[Exposure], values: Iterable[str]) -> list[Exposure]:
    wanted = set(values)
    return sorted((r for r in rows if r.value in wanted), key=lambda r: r.last_seen)


def _seen(name: str, rows: list[Exposure], sentence: str) -> Answer:
    return Answer(predicate=name, truth="true", grounds=(row_ground(rows[-1], "seen", sentence),))


def _stated(name: str, attribute: Attribute, sentence: str) -> Answer:
    ground = attribute_ground(attribute, "seen", sentence)
    return Answer(predicate=name, truth="true", grounds=(ground,))


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
