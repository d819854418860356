"""What a VEX statement says in words: who says what, since when, until when, and what ends it.

All texts come from findings, so from logs, files of the site and advisories: each is bounded in
length, and what is not printable is written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from wardwatch_enrichment.finding import Finding, Ground, Match
from wardwatch_enrichment.model import Device

SENTENCE = 240  # characters of one piece of evidence
NAME = 100
_SHORT = 60
TEXT = 5_000
_ACTION = 500
_LISTED = 6  # pieces of evidence in one text
_VERSIONS = ("software_versions", "firmware_versions", "component", "os")
_NO_ACTION = (
    "No measure is recorded for this unit yet. Until there is one, treat it as open to whoever can "
    "reach it."
)
_PHYSICAL = (
    "Keep it where only staff can touch it, and have what it stores erased before it is repaired "
    "elsewhere or given away."
)


def shown(text: str, limit: int = SENTENCE) -> str:
    """Return a text on one line, bounded, with everything unprintable written out."""
    plain = text.strip()
    if not plain.isprintable():
        plain = "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain
        )
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def moment(time: float) -> str:
    """Return a time as JSON documents write it, in UTC."""
    found = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
    return found.replace("+00:00", "Z")


def day(time: float) -> str:
    """Return the day of a time, in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def joined(parts: Iterable[str]) -> str:
    """Return sentences as one text of bounded length."""
    return shown(" ".join(_ended(part) for part in parts if part), TEXT)


def _ended(text: str) -> str:
    return text if text.endswith((".", "…", "!", "?", ":")) else f"{text}."


def counted(texts: Iterable[str], limit: int = _LISTED) -> Iterator[str]:
    """Yield the first texts, each once, and how many are left out."""
    known = list(dict.fromkeys(text for text in texts if text))
    yield from known[:limit]
    if len(known) > limit:
        yield f"And {len(known) - limit} more."


def ground(found: Ground, now: float, about: str = "") -> str:
    """Return one piece of evidence: the sentence, who signed it, since when and until when."""
    said = [shown(found.signed_by, NAME)] if found.signed_by else []
    said.append(f"as of {day(found.time)}")
    if found.expires is not None:
        said.append(f"{'expired on' if found.expires <= now else 'until'} {day(found.expires)}")
    void = ", ".join(shown(one, _SHORT) for one in found.void[:_LISTED])
    ends = f"; void after: {void}" if void else ""
    lead = f"{shown(about, NAME)}: " if about else ""
    return f"{lead}{shown(found.sentence).rstrip('.')} ({', '.join(said)}{ends})."


def reasons(finding: Finding, device: Device) -> Iterator[str]:
    """Yield why the advisories are about this unit, or are not, and what was seen of it."""
    known = [m for m in finding.matches if m.affected == finding.affected] or finding.matches
    if finding.affected == "fixed" and "fixed" not in {match.affected for match in known}:
        yield "By the site's records it is patched."
    for match in known:
        state = match.affected.replace("_", " ")
        source = f"{shown(match.advisory, NAME)} ({shown(match.publisher, NAME)})"
        yield f"{source}, {state}: {_ended(shown(match.reason))}"
    for match in known:
        yield from _seen(match, device)


def _seen(match: Match, device: Device) -> Iterator[str]:
    """Yield when and by whom the versions were last seen that a match rests on."""
    told = {part for text in match.searched_by.values() for part in text.split(", ")}
    for attribute in device.attributes:
        known = attribute.current and attribute.name in _VERSIONS
        if known and told & {attribute.value, attribute.value.rpartition(" ")[2]}:
            sensors = ", ".join(sorted({shown(e.sensor, NAME) for e in attribute.evidence}))
            by = f" by {sensors}" if sensors else ""
            yield f"{shown(attribute.value, NAME)} was last seen on {day(attribute.last_seen)}{by}."


def evidence(finding: Finding, now: float) -> Iterator[str]:
    """Yield what was found of each thing that an attacker needs, and from where it is reached."""
    for answer in finding.answers:
        yield from (ground(found, now, answer.predicate) for found in answer.grounds)
    if finding.reached_from:
        zones = ", ".join(shown(zone, NAME) for zone in finding.reached_from[:_LISTED])
        yield f"It is reached from: {zones}."


def caveats(finding: Finding) -> Iterator[str]:
    """Yield what a reader must know beside the evidence."""
    if finding.verdict:
        lead = "If it is affected" if finding.affected == "possible" else "Here"
        yield f"{lead}: {shown(finding.wording or finding.verdict, NAME)}"
    if finding.access:
        yield f"Access: {shown(finding.access, NAME)}"
    if finding.assumed:
        yield f"What it needs is assumed, nobody has looked yet: {shown(finding.assumed)}"
    yield from (shown(note) for note in finding.notes)


def protections(finding: Finding, now: float) -> list[str]:
    """Return the proofs that keep a weakness from being used."""
    found: dict[Ground, str] = {}
    for answer in finding.answers:
        if answer.truth == "strong_false":
            for proof in answer.grounds:
                found.setdefault(proof, ground(proof, now, answer.predicate))
    return list(found.values())


def protected(finding: Finding, now: float) -> str:
    """Return what to do where a weakness is there, but is kept from being used."""
    over, known = expired(finding, now), _measures(finding)
    said = shown(finding.wording or "kept from being used", NAME)
    ends = f" until {day(finding.expires)}" if finding.expires is not None else ""
    state = f"Its proof has expired on {day(finding.expires or now)}" if over else f"{said}{ends}"
    words = {a.justification for a in finding.answers if a.truth == "strong_false"}
    named = ", ".join(sorted(shown(w, NAME) for w in words | {finding.justification} if w))
    return joined([
        f"The weakness is there; {state[0].lower()}{state[1:]}",
        "Prove it anew; until then treat the unit as exploitable"
        if over
        else "Keep up what protects it; where that ends, treat the unit as exploitable",
        "What protected it:" if over else "What protects it:",
        *counted(protections(finding, now)),
        f"In CycloneDX's words: {named}" if named else "",
        "What else can be done:" if known else "",
        *known,
    ])  # fmt: skip


def expired(finding: Finding, now: float) -> bool:
    """Tell whether what was found no longer holds by itself."""
    return finding.expires is not None and finding.expires <= now


def measures(finding: Finding) -> str:
    """Return what to do about a weakness that can be used."""
    if finding.access == "physical":
        lead = "It needs physical access to the unit and is not used over the network."
        return joined([lead, *(_measures(finding) or [_PHYSICAL])])
    return joined(_measures(finding) or [_NO_ACTION])


def _measures(finding: Finding) -> list[str]:
    return list(counted((shown(action, _ACTION) for action in finding.actions), 3))


def missing(finding: Finding, now: float) -> str:
    """Return what would decide what is not known, and what to do meanwhile."""
    wanted = [shown(a.missing) for a in finding.answers if a.truth == "unknown" and a.missing]
    if finding.affected == "possible":
        wanted.insert(0, "the version or configuration that says whether it is affected")
    if expired(finding, now):
        wanted.insert(0, f"proof anew; it expired on {day(finding.expires or now)}")
    waiting = [m for m in finding.matches if m.affected == "candidate"]
    wanted += [f"{shown(m.advisory, NAME)}: {shown(m.reason)}" for m in waiting]
    weak = [a for a in finding.answers if a.truth == "weak_false"]
    wanted += [f"proof of what was only not seen: {shown(a.predicate)}" for a in weak]
    needs = "; ".join(counted(wanted)) or "evidence of what an attacker needs"
    known = _measures(finding)
    lead = "What can be done:" if known else ""
    return joined([f"Not known yet. What would decide it: {needs}", lead, *known])
