"""Without proof the verdict never is *not exploitable*, whatever is seen; and more evidence moves
it only in the way that it points."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from evidence_words import ADDRESS, DAY, NOW, SENSOR, THE_SENSOR, attribute, row

from wardwatch_enrichment import exploitability, preconditions, predicates
from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Exposure, Finding
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.preconditions import Need, need
from wardwatch_enrichment.surroundings import Surroundings

ROUNDS = 20_000
PEERS = ("10.20.4.7", "10.20.4.8", "10.20.5.9", "10.30.1.44", "203.0.113.9")
ORDER = ("not_exploitable", "unlikely", "potential", "exploitable")
NEEDS: tuple[Need, ...] = tuple(
    need(one)
    for one in (
        {"service": {"ports": ["tcp/23"], "names": ["telnet"]}},
        {"service": {"ports": ["tcp/21"], "mode_dependent": True}},
        {"service": {"ports": ["tcp/*"]}},
        {"service": {"names": ["hl7"]}},
        {"shows": {"names": ["rdp"], "values": ["rdp_standard"], "contrary": ["rdp_nla"]}},
        {"no_authentication": {"names": ["http"], "ports": ["tcp/80"]}},
        {"uses": "ipv6"},
        {"uses": "dhcp"},
        {"uses": "dns"},
        {"clear": {"names": ["hl7"]}},
        {"calls": {"to": ["203.0.113.0/24"]}},
        {"component": {"names": ["DCMTK"], "versions": "< 3.6.7"}},
        {"condition": "service mode"},
        {"access": "adjacent"},
        {"access": "local"},
    )
)


def zone(ip: str) -> str:
    """Return the subnet as its own zone."""
    return ip.rpartition(".")[0]


def evidence(rng: random.Random) -> Surroundings:
    """Return a device with whatever evidence."""
    facts = [
        Fact(
            kind="boundary",
            values={
                "from": rng.choice(("any", "10.20.0.0/16")),
                "to": rng.choice(("any", "10.30.1.0/24", "10.99.0.0/16")),
                "action": rng.choice(("deny", "permit")),
                "protocol": rng.choice(("tcp", "udp")),
                "port": rng.choice(("23", "21", "1-1024", "80")),
                **({"condition": "established"} if rng.random() < 0.3 else {}),
            },
            source="fw.csv",
            line=line,
            at=NOW - rng.choice((1, 40)) * DAY,
        )
        for line in range(rng.choice((0, 0, 1, 2)))
    ]
    attributes = [
        attribute("component", f"DCMTK 3.6.{rng.randrange(10)}") for _ in range(rng.choice((0, 1)))
    ]
    attributes += [
        attribute("software_versions", v) for v in rng.sample(("1", "2"), rng.choice((0, 1)))
    ]
    device = Device(
        id="d", site="s", first_seen=0.0, last_seen=NOW, ips=(ADDRESS,),
        attributes=tuple(attributes),
    )  # fmt: skip
    return Surroundings(
        device=device,
        now=NOW,
        rows=tuple(_row(rng) for _ in range(rng.randrange(12))),
        sensors={SENSOR: tuple(_beats(rng))} if rng.random() < 0.7 else {},
        boundaries=Boundaries(facts),
        zone_of=zone,
    )


def _row(rng: random.Random) -> Exposure:
    start = NOW - rng.uniform(0, 60) * DAY
    kind = rng.choice(("service", "service", "service", "peers", "auth", "uses", "coverage"))
    values = {
        "service": (None,),
        "peers": ("to", "from"),
        "auth": ("demanded", "not_demanded", "rdp_nla", "rdp_standard"),
        "uses": ("ipv6", "dns", "dhcp", "TLSv12"),
        "coverage": ("flows", "link_up_arp", "boot"),
    }[kind]
    peers = tuple(rng.sample(PEERS, rng.randrange(1, 4)))
    return row(
        kind,
        first_seen=start,
        last_seen=start + rng.uniform(0, 0.5) * DAY,
        count=rng.randrange(1, 8),
        value=rng.choice(values),
        state=rng.choice(("accepted", "refused", "refused", "unanswered"))
        if kind == "service"
        else None,
        by=rng.choice(("device", "network", None)),
        proto="tcp",
        port=rng.choice((23, 21, 80, 3389)),
        services=rng.choice(((), ("telnet",), ("http",), ("rdp",), ("hl7",))),
        peers=peers,
        clients=len(peers),
    )


def _beats(rng: random.Random) -> Iterator[Exposure]:
    lossy = rng.random() < 0.3
    for day in range(rng.choice((3, 20, 45))):
        if rng.random() < 0.05:
            continue
        at = NOW - day * DAY - 1
        for value, count in (("sensor", 9), ("acks", 1000), ("gaps", 50 if lossy else 2)):
            yield row(
                "coverage", host=THE_SENSOR, value=value, count=count,
                first_seen=at - 0.9 * DAY, last_seen=at,
            )  # fmt: skip


def judge(one: Need, around: Surroundings) -> Finding:
    """Return the verdict on a vulnerability that has this one need."""
    made = Finding(id="f", device_id="d", vulnerability="CVE-0000-0001", affected="confirmed")
    return exploitability.judged(made, (predicates.answer(one, around),), (one,), around)


def proven(one: Need, around: Surroundings) -> bool:
    """Tell by a way of its own, row by row, whether there is positive proof of the contrary."""
    if one.kind == "service":
        return any(_kept(port, around) for port in one.ports[:1]) or _refused(one, around)
    if one.kind == "no_authentication":
        return any(r.kind == "auth" and r.value == "demanded" for r in around.rows)
    if one.kind == "uses":
        return one.values[0] in ("ipv6", "dhcp") and _would_have_heard(one.values[0], around)
    if one.kind == "component":
        seen = [a.value for a in around.device.attributes if a.name == "component"]
        return bool(seen) and all(int(text[-1]) >= 7 for text in seen)
    return False


def _would_have_heard(value: str, around: Surroundings) -> bool:
    days = {int((NOW - r.last_seen) // DAY) for r in around.sensors.get(SENSOR, ())}
    run = next(day for day in range(99) if day not in days)
    ups = [r.last_seen for r in around.rows if r.value in ("link_up_arp", "boot")]
    used = [r for r in around.rows if r.value == value and r.last_seen >= NOW - 30 * DAY]
    long = 15 if value == "ipv6" else 30
    return run >= long and any(up > NOW - run * DAY for up in ups) and not used


def _kept(port: str, around: Surroundings) -> bool:
    number = int(port[4:]) if port[4:].isdigit() else None
    return number is not None and around.boundaries.denied((ADDRESS,), "tcp", number) is not None


def _refused(one: Need, around: Surroundings) -> bool:
    if one.mode_dependent or one.ports[:1] in ((), ("tcp/*",)):
        return False
    number = int(one.ports[0][4:])
    ups = [r.last_seen for r in around.rows if r.value in ("link_up_arp", "boot")]
    found = [
        r
        for r in around.rows
        if (r.kind, r.state, r.by, r.port) == ("service", "refused", "device", number)
        and r.first_seen >= max([*ups, NOW - 31 * DAY])
    ]
    peers = {peer for r in found for peer in r.peers}
    called = [
        r
        for r in around.rows
        if r.last_seen >= NOW - 30 * DAY
        and (r.value == "from" or (r.kind == "service" and r.state == "accepted"))
    ]
    if not {zone(p) for r in called for p in r.peers} <= {zone(p) for p in peers}:
        return False
    losses = [r for r in around.sensors.get(SENSOR, ()) if r.value == "gaps"]
    return (
        sum(r.count for r in found) >= 3
        and len(peers) >= 2
        and bool(losses)
        and all(r.count < 10 for r in losses)
    )


@pytest.mark.parametrize("seed", range(4))
def test_never_not_exploitable_without_proof(seed: int) -> None:
    """Evidence at random: the verdict is given only where an own reading finds proof, too."""
    rng = random.Random(seed)  # noqa: S311  for a test
    said = 0
    for _ in range(ROUNDS // 4):
        around, one = evidence(rng), rng.choice(NEEDS)
        found = judge(one, around)
        if found.verdict == "not_exploitable":
            said += 1
            assert proven(one, around), (one, around.rows)
            assert all(g.kind not in ("silence", "seen") for a in found.answers for g in a.grounds)
        if found.wording == "not exploitable":
            kinds = {g.kind for a in found.answers for g in a.grounds}
            assert len(kinds) >= 2
    assert said > 20, "the evidence is too poor for this test to fail"


def test_an_accepted_connection_never_lowers() -> None:
    """That a service answered just now makes it exploitable, or keeps a later refusal's proof."""
    rng = random.Random(7)  # noqa: S311  for a test
    for _ in range(2_000):
        around = evidence(rng)
        one = NEEDS[0]
        before = judge(one, around)
        more = row(
            "service", state="accepted", proto="tcp", port=23, services=("telnet",),
            peers=("10.20.4.7",), clients=1, first_seen=NOW - 60, last_seen=NOW - 1,
        )  # fmt: skip
        after = judge(one, _with(around, more))
        assert after.verdict == "exploitable"
        assert ORDER.index(after.verdict) >= ORDER.index(before.verdict or "")


def test_without_the_sensor_silence_says_nothing() -> None:
    """Taking away what the sensor says of itself turns weak answers into unknown ones."""
    rng = random.Random(11)  # noqa: S311  for a test
    weak = 0
    for _ in range(4_000):
        around, one = evidence(rng), rng.choice(NEEDS)
        before = judge(one, around)
        if before.verdict != "unlikely" or one.kind == "access":
            continue
        weak += any(g.kind == "silence" for a in before.answers for g in a.grounds)
        blind = _with(around, None)
        after = judge(one, blind)
        assert after.verdict in ("unlikely", "potential")
        assert not any(g.kind == "silence" for a in after.answers for g in a.grounds)
    assert weak > 20


def _with(around: Surroundings, more: Exposure | None) -> Surroundings:
    return Surroundings(
        device=around.device,
        now=around.now,
        rows=(*around.rows, more) if more else around.rows,
        sensors=around.sensors if more else {},
        boundaries=around.boundaries,
        zone_of=zone,
    )


def test_what_is_assumed_proves_nothing() -> None:
    """A need that nobody has looked up makes nothing *not exploitable*."""
    rng = random.Random(3)  # noqa: S311  for a test
    defaults = [(name, needs) for name, _, _, needs, _ in preconditions._defaults()]
    for _ in range(4_000):
        around = evidence(rng)
        name, needs = rng.choice(defaults)
        made = Finding(
            id="f", device_id="d", vulnerability="CVE-0000-0001", affected="likely", assumed=name
        )
        answers = tuple(predicates.answer(one, around) for one in needs)
        assert exploitability.judged(made, answers, needs, around).verdict != "not_exploitable"
