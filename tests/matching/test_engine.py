"""The matching and verdict engine against evidence that tempts it to say too much or too little."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from evidence_words import (
    ADDRESS,
    DAY,
    NOW,
    OFFICE,
    SENSOR,
    THE_SENSOR,
    attribute,
    row,
    surroundings,
)

from wardwatch_enrichment import exploitability, handling, matching, predicates, version_text
from wardwatch_enrichment.advisory import (
    Advisory,
    Condition,
    Note,
    Product,
    Status,
    Versions,
    Vulnerability,
)
from wardwatch_enrichment.assessment import Assessment
from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Exposure, Finding
from wardwatch_enrichment.model import Device
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


class TestRefusals:
    """A refusal is proof only under all of its conditions."""

    def test_is_a_proof_where_all_holds(self) -> None:
        """The base of all below: this is one."""
        assert truth(TELNET, around([refusals(), called(*OFFICE)])) == "strong_false"

    def test_a_service_at_another_port_still_answers(self) -> None:
        """HTTP at 8888, by its name, is not taken away by refusals at 80 and 443 later on."""
        early = accepts(8888, "http", first_seen=NOW - 5 * DAY, last_seen=NOW - 4.9 * DAY)
        assert truth(WEB, around([early, refusals(80), refusals(443)])) == "true"

    def test_one_of_several_ports_refuses(self) -> None:
        """The other was never asked for."""
        assert truth(WEB, around([refusals(80)])) != "strong_false"

    def test_a_prefix_is_no_source(self) -> None:
        """An address and the prefix that holds it may be one caller."""
        once = refusals(peers=("10.20.4.7", "10.20.4.0/24"), clients=1)
        assert truth(TELNET, around([once])) != "strong_false"

    def test_two_sensors_that_see_the_same_count_once(self) -> None:
        """Two refusals that two taps saw are two, not four."""
        seen = [refusals(count=2), refusals(count=2, sensor=OTHER)]
        assert truth(TELNET, around(seen, *beats(), *beats(OTHER))) != "strong_false"

    def test_a_prefix_of_callers_may_hold_several_zones(self) -> None:
        """Who called from 0.0.0.0/0 is not known, so nobody knows that all zones were refused."""
        rows = [refusals(), called(*OFFICE, "0.0.0.0/0"), refusals(peers=("0.0.0.0/0",))]
        assert truth(TELNET, around(rows)) != "strong_false"

    def test_one_address_of_two_refuses(self) -> None:
        """The other one is called, too; there it may listen."""
        two = replace(BARE, ips=(ADDRESS, "10.30.2.15"))
        other = called(*OFFICE, host="10.30.2.15")
        assert truth(TELNET, around([refusals(), other], device=two)) != "strong_false"

    def test_a_row_that_began_before_a_boot_does_not_count(self) -> None:
        """Within one day the order is not known."""
        boot = row("coverage", value="boot", first_seen=NOW - DAY, last_seen=NOW - DAY)
        assert truth(TELNET, around([refusals(), boot])) != "strong_false"

    def test_not_by_a_clock_that_is_ahead(self) -> None:
        """What happens tomorrow is not later than what was accepted today."""
        ahead = refusals(first_seen=NOW + 3 * DAY, last_seen=NOW + 3.1 * DAY)
        assert truth(TELNET, around([accepts(23, "telnet"), ahead])) == "true"
        assert truth(TELNET, around([ahead])) != "strong_false"

    def test_loss_is_of_each_sensor(self) -> None:
        """A busy sensor without loss does not make up for the one that loses half."""
        lossy = beats(OTHER, acks=100, gaps=50)
        seen = [refusals(sensor=OTHER), called(*OFFICE)]
        assert truth(TELNET, around(seen, *beats(), *lossy)) != "strong_false"

    def test_loss_is_of_each_day(self) -> None:
        """A month without loss does not make up for the day of the refusals."""
        bad = [
            replace(one, count=9_000) if one.value == "gaps" and one.last_seen > NOW - 2 * DAY
            else one for one in beats()
        ]  # fmt: skip
        assert truth(TELNET, around([refusals()], *bad)) != "strong_false"

    def test_a_sensor_without_heartbeats_proves_nothing(self) -> None:
        """Not even where another one beats."""
        seen = [refusals(sensor=OTHER), called(*OFFICE)]
        assert truth(TELNET, around(seen, *beats())) != "strong_false"

    def test_a_sensor_that_does_not_count_its_loss(self) -> None:
        """That it is there does not tell what it lost."""
        plain = [one for one in beats() if one.value == "sensor"]
        assert truth(TELNET, around([refusals()], *plain)) != "strong_false"

    def test_an_old_answer_is_no_silence(self) -> None:
        """Who answered six weeks ago, and was not asked since, was not silent."""
        old = accepts(23, "telnet", first_seen=NOW - 45 * DAY, last_seen=NOW - 44.5 * DAY)
        flows = row("coverage", value="flows", count=900, first_seen=NOW - 60 * DAY)
        assert truth(TELNET, around([old, flows], *beats(days=60))) == "unknown"


class TestSilence:
    """Silence speaks only where the sensors that see a device watched it."""

    flows = row("coverage", value="flows", count=200, first_seen=NOW - 29 * DAY)

    def test_speaks_after_a_month(self) -> None:
        """The base of all below."""
        assert truth(TELNET, around([self.flows])) == "weak_false"

    def test_not_by_beats_of_the_future(self) -> None:
        """A clock that is ahead does not keep a sensor alive that has stopped."""
        ahead = [
            *(b for b in beats() if b.last_seen < NOW - 5 * DAY),
            *beats(until=NOW + 40 * DAY, days=3),
        ]
        assert truth(TELNET, around([self.flows], *ahead)) == "unknown"

    def test_not_by_a_sensor_that_sees_it_since_yesterday(self) -> None:
        """The one that saw it before went blind ten days ago; that the other lives says little."""
        new = row("coverage", sensor=OTHER, value="flows", count=300)
        said = [*beats(until=NOW - 10 * DAY), *beats(OTHER, days=60)]
        assert truth(TELNET, around([self.flows, new], *said)) == "unknown"

    def test_not_of_a_device_that_is_gone(self) -> None:
        """It was busy four weeks ago, and has not been seen since."""
        gone = replace(self.flows, last_seen=NOW - 27 * DAY)
        assert truth(TELNET, around([gone])) == "unknown"

    def test_not_of_a_device_that_came_yesterday(self) -> None:
        """The sensor has watched for a month, but not this device."""
        new = replace(self.flows, first_seen=NOW - DAY)
        assert truth(TELNET, around([new])) == "unknown"

    def test_two_sensors_do_not_add_up_their_connections(self) -> None:
        """Thirty that both saw are thirty."""
        rows = [replace(self.flows, count=30), replace(self.flows, count=30, sensor=OTHER)]
        assert truth(TELNET, around(rows, *beats(), *beats(OTHER))) == "unknown"

    def test_no_ipv6_asks_for_a_link_up_on_the_link(self) -> None:
        """A trap that the device booted is routed: its sensor need not see the link."""
        boot = row("coverage", value="boot", count=1, first_seen=NOW - 2 * DAY)
        arp = replace(boot, value="link_up_arp")
        assert truth({"uses": "ipv6"}, around([self.flows, boot])) == "weak_false"
        assert truth({"uses": "ipv6"}, around([self.flows, arp])) == "strong_false"


class TestOtherNeeds:
    """What is seen at one place proves nothing for another one."""

    def test_a_log_in_at_another_port_rules_out_nothing(self) -> None:
        """HTTP at 80 asks for a password; what is meant is the one at 8042."""
        asks = row("auth", value="demanded", proto="tcp", port=80, services=("http",))
        asked = {"no_authentication": {"ports": ["tcp/8042"], "names": ["http"]}}
        assert truth(asked, around([asks])) == "unknown"
        assert truth(asked, around([replace(asks, port=8042)])) == "strong_false"

    def test_a_log_in_of_before_a_boot_rules_out_nothing(self) -> None:
        """It may come up otherwise."""
        asks = row("auth", value="demanded", proto="tcp", port=8042, services=("http",))
        boot = row("coverage", value="boot", first_seen=NOW - 60, last_seen=NOW - 60)
        asked = {"no_authentication": {"ports": ["tcp/8042"], "names": ["http"]}}
        assert truth(asked, around([asks, boot])) == "unknown"

    def test_a_prefix_that_holds_the_address_says_neither(self) -> None:
        """Of thousands of peers only prefixes are kept."""
        flows = row("coverage", value="flows", count=900, first_seen=NOW - 29 * DAY)
        out = row("peers", value="to", peers=("198.51.100.0/24", "0.0.0.0/0"))
        asked = {"calls": {"to": ["203.0.113.7/32"]}}
        assert truth(asked, around([flows, out])) == "unknown"

    def test_another_version_of_a_component_that_cannot_be_told(self) -> None:
        """One is outside of the range, of the other one nobody knows."""
        inside = replace(
            BARE,
            attributes=(attribute("component", "DCMTK 3.6.9"), attribute("component", "DCMTK 3.6")),
        )
        asked = {"component": {"names": ["DCMTK"], "versions": "< 3.6.7"}}
        assert truth(asked, around([], device=inside)) == "unknown"

    def test_what_another_host_says_of_it_is_not_its_clear_text(self) -> None:
        """The archive sends the scanner's images in clear text, not the scanner."""
        told = attribute("model", "x", "dicom.model")
        of_archive = replace(told, evidence=(replace(told.evidence[0], host="10.30.9.9"),))
        asked = {"clear": {"names": ["dicom"]}}
        own = replace(BARE, attributes=(told,))
        assert truth(asked, around([], device=own)) == "true"
        assert truth(asked, around([], device=replace(BARE, attributes=(of_archive,)))) == "unknown"

    def test_the_maker_has_not_said_what_access_asks_for(self) -> None:
        """Of `any` of physical access and a refused port, the refusal is what is worded."""
        one = {"any": [{"access": "physical"}, TELNET]}
        found = judged(one, around([refusals(), called(*OFFICE)]))
        assert (found.verdict, found.wording) == ("not_exploitable", "refused when asked")


class TestBoundaries:
    """A rule set keeps out only what it really keeps out."""

    deny = rule("deny", "any", "10.30.1.0/24", protocol="tcp", port="23", rule="9")

    def kept(self, *rules: Fact, rows: Iterable[Exposure] = ()) -> bool:
        """Tell whether the boundary is a proof for telnet."""
        return truth(TELNET, around(rows, facts=rules)) == "strong_false"

    def test_is_a_proof_where_all_holds(self) -> None:
        """The base of all below."""
        assert self.kept(self.deny)

    def test_another_firewall_lets_somebody_through(self) -> None:
        """Two ways lead there; one of them is open to the office."""
        other = rule("permit", "10.20.4.0/24", "10.30.1.15/32", protocol="tcp", enforced_by="fw2")
        assert not self.kept(self.deny, replace(other, source="fw2.csv"))

    @pytest.mark.parametrize("words", [
        {"protocol": "tcp", "port": "telnet"},
        {"protocol": "tcp-udp", "port": "23"},
        {"protocol": "6"},
        {"protocol": "service-group"},
    ])  # fmt: skip
    def test_a_permission_that_cannot_be_read_may_let_through(self, words: dict[str, str]) -> None:
        """Port names and numbers of protocols are not known here."""
        permit = rule("permit", "any", "10.30.1.0/24", rule="1", **words)
        assert not self.kept(permit, self.deny)

    def test_a_permission_of_another_protocol_lets_nothing_through(self) -> None:
        """UDP and ICMP are not TCP."""
        others = [rule("permit", "any", "any", protocol=p, rule="1") for p in ("udp", "icmp")]
        assert self.kept(*others, self.deny)

    def test_a_denial_for_ipv6_does_not_keep_ipv4_out(self) -> None:
        """It is from everywhere, of the other version."""
        six = rule("deny", "::/0", "any", protocol="tcp", port="23")
        named = rule("permit", "any", "10.30.1.0/24", protocol="tcp", port="104", rule="2")
        assert not self.kept(six, named)

    def test_a_list_that_others_pass_does_not_stand_between(self) -> None:
        """The guests' list denies all to the inside; the archive calls through all the same."""
        guests = rule("deny", "any", "10.30.0.0/16")
        assert self.kept(guests)
        assert not self.kept(guests, rows=[accepts(104, "dicom", peers=("10.30.7.7",))])
        within = [accepts(104, "dicom", peers=("10.30.1.7",)), called("10.30.1.7")]
        assert self.kept(guests, rows=within)

    def test_the_oldest_row_counts(self) -> None:
        """One of two ports was denied by a list of last year."""
        old = replace(rule("deny", "any", "10.30.1.0/24", port="443"), at=NOW - 300 * DAY)
        new = rule("deny", "any", "10.30.1.0/24", port="80")
        assert truth(WEB, around([], facts=[new, replace(old, source="b.csv")])) != "strong_false"


def judged(asked: dict[str, Any], where: Surroundings, **values: Any) -> Finding:
    """Return the verdict on a vulnerability that has one need."""
    made = Finding(
        id="f", device_id="d", vulnerability="CVE-2020-0001", affected="confirmed", **values
    )
    one = need(asked)
    test = handling.tested({"CVE-2020-0001"}, where.handling, where.now)
    answers = (predicates.answer(one, where), *([test] if test else []))
    return exploitability.judged(made, answers, (one,), where)


class TestBench:
    """Somebody tried it."""

    done = fact(
        "bench", vulnerability="CVE-2020-0001", result="exploitable", date="2026-12-01", by="K. T."
    )
    not_done = replace(done, values={**done.values, "result": "not exploitable"})

    def test_what_was_done_is_not_assumed(self) -> None:
        """Whatever is assumed of the ports that it needs."""
        anything = {"service": {"ports": ["tcp/*"]}}
        where = around([accepts(80, "http")], facts=[self.done])
        assert judged(anything, where, assumed="words").wording == "exploitable"
        refused = around([refusals(), called(*OFFICE)], facts=[self.done])
        assert judged(TELNET, refused, assumed="words").verdict == "exploitable"

    def test_what_was_not_done_is_no_assumption(self) -> None:
        """It is proof, whatever is assumed of the ports."""
        found = judged(TELNET, around([], facts=[self.not_done]), assumed="words")
        assert (found.verdict, found.wording) == (
            "not_exploitable", "not exploitable when tested"
        )  # fmt: skip

    def test_other_software_since_ends_it(self) -> None:
        """What was tested is no longer there."""
        old, new = (attribute("software_versions", version) for version in ("1.0", "2.0"))
        changed = replace(
            BARE, attributes=(replace(old, current=False), replace(new, first_seen=NOW - 2 * DAY))
        )
        where = around([], facts=[self.not_done], device=changed)
        assert judged(TELNET, where).verdict != "not_exploitable"


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


class TestMatching:
    """A device is not affected, or fixed, only where the advisory says so of just this one."""

    def test_a_leaf_that_waits_is_not_hidden_by_another(self) -> None:
        """One says versions that this is not; what the other says nobody has read yet."""
        waits = product(id="P2", needs=("versions: not understood",))
        both = advisory([product(versions="< 2.0"), waits], {"P1": "affected", "P2": "affected"})
        assert state(unit("3.0"), both) == "candidate"
        assert state(unit("1.0"), both) == "confirmed"

    def test_a_leaf_that_waits_settles_nothing(self) -> None:
        """Its versions are in doubt themselves."""
        waits = product(
            versions="< 2.0", needs=("contradiction: 2.0 in the tree, 3.5 in the name",)
        )
        assert state(unit("3.0"), advisory([waits], AFFECTED)) == "candidate"
        assert state(unit("1.0"), advisory([waits], {"P1": "fixed"})) in ("candidate", None)

    def test_a_maker_that_nobody_knows_may_be_this_one(self) -> None:
        """It waits for a person, and so does whatever is called like its product."""
        unknown = product(vendor="Acme (former Zeta)", makers=(), needs=("maker: not known",))
        assert state(unit("1.0"), advisory([unknown], AFFECTED)) == "candidate"

    def test_fixed_without_a_version_fixes_nothing(self) -> None:
        """Which version is fixed is not told, or stands in a name that is not taken apart."""
        fixed = product("Spectrum 9", id="P2")
        both = advisory([product(versions="< 2.0"), fixed], FIXED)
        assert state(unit(), both) == "possible"
        assert state(unit("1.0"), both) != "fixed"

    def test_fixed_in_a_version_that_was_seen(self) -> None:
        """That is what it says."""
        both = advisory([product(versions="< 2.0"), product(id="P2", versions=">= 2.0")], FIXED)
        assert state(unit("2.1"), both) == "fixed"
        assert state(unit("1.9"), both) == "confirmed"
        assert state(unit(), both) == "possible"

    def test_what_is_looked_into_may_be_so(self) -> None:
        """Which version this is, nobody knows."""
        looked = advisory([product(versions="< 2.0")], {"P1": "under_investigation"})
        assert state(unit(), looked) == "possible"
        assert state(unit("1.0"), looked) == "possible"
        assert state(unit("3.0"), looked) is None

    def test_two_advisories_differ(self) -> None:
        """The worse of them counts, and both are shown."""
        one = advisory([product(versions="< 2.0")], AFFECTED)
        other = advisory([product(versions="<= 2.5")], AFFECTED, "B-1")
        assert state(unit("2.1"), one, other) == "confirmed"
        waits = advisory([product(needs=("versions: not understood",))], AFFECTED, "B-1")
        assert state(unit("2.1"), one, waits) == "candidate"

    def test_the_wire_since_then_stands_beside_the_register(self) -> None:
        """It was entered long ago; what is seen now is older, and affected."""
        entered = attribute("software_versions", "2.1")
        proof = replace(entered.evidence[0], log="site facts")
        register = replace(entered, evidence=(proof,), last_seen=NOW - 90 * DAY)
        wire = replace(attribute("software_versions", "1.0"), current=False)
        beside = unit(attributes=(register, wire))
        beside = replace(beside, software_versions=("2.1",))
        only = advisory([product(versions="< 2.0")], AFFECTED)
        assert state(beside, only) == "possible"
        before = replace(wire, last_seen=NOW - 100 * DAY)
        assert state(replace(beside, attributes=(register, before)), only) == "not_affected"

    def test_a_huge_advisory_is_read_in_time(self) -> None:
        """Thirty thousand leaves of one product, each with a state of its own."""
        leaves = [product(id=f"P{n}", versions=f"< {n}.0") for n in range(1, 30_001)]
        huge = advisory(leaves, {leaf.id: "affected" for leaf in leaves})
        assert state(unit("29999.5"), huge) == "confirmed"


def finding(where: Surroundings, *advisories: Advisory) -> Finding:
    """Return what the advisories come to on a device."""
    (found,) = Assessment(matching.Index(advisories, {})).findings(where)
    return found


class TestSite:
    """What a site has done, and what it was told."""

    open = advisory([product(versions="< 2.0")], AFFECTED)

    def patched(self, status: str, about: str = "CVE-2020-0001") -> Finding:
        """Return the finding on a unit with a patch of a status."""
        told = fact("patch", vulnerability=about, status=status, patch="KB1", by="Acme")
        return finding(around([], facts=[told], device=unit("1.0")), self.open)

    def test_an_approved_patch_is_what_to_do(self) -> None:
        """It may be applied; that it was, nobody says."""
        found = self.patched("approved")
        assert found.affected == "confirmed"
        assert any("approved" in action and "KB1" in action for action in found.actions)

    def test_a_refused_patch_is_said(self) -> None:
        """Nobody must install it by mistake."""
        found = self.patched("refused")
        assert found.affected == "confirmed"
        assert any("refused" in note and "KB1" in note for note in found.notes)

    def test_a_patch_for_one_advisory_leaves_the_other_open(self) -> None:
        """The software inside has the same weakness, by another advisory."""
        inside = advisory([product("DCMTK", role="component", line="DCMTK")], AFFECTED, "B-1")
        device = unit("1.0", attributes=(attribute("component", "DCMTK 3.6.4"),))
        told = fact("patch", vulnerability="A-1", status="applied")
        found = finding(around([], facts=[told], device=device), self.open, inside)
        assert found.affected == "likely"
        whole = fact("patch", vulnerability="CVE-2020-0001", status="applied")
        assert (
            finding(around([], facts=[whole], device=device), self.open, inside).affected == "fixed"
        )

    def test_a_condition_is_kept(self) -> None:
        """What only holds with an option is possible at most."""
        only = product(versions="< 2.0", conditions=(Condition(kind="text", text="with WiFi"),))
        assert state(unit("1.0"), advisory([only], AFFECTED)) == "possible"


def test_the_words_of_the_cases_still_prove() -> None:
    """A refusal as the words of the examples have it, beside a list that denies."""
    where = surroundings(BARE, ["refuses tcp/23", "denies tcp/23"])
    assert judged(TELNET, where).wording == "not exploitable"
