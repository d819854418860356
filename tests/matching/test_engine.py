"""What a need comes to, on evidence that tempts to say too much or too little."""

from __future__ import annotations

from dataclasses import replace

from engine_words import (
    BARE,
    OTHER,
    TELNET,
    WEB,
    accepts,
    around,
    beats,
    called,
    judged,
    refusals,
    truth,
)
from evidence_words import ADDRESS, DAY, NOW, OFFICE, attribute, row


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
        said = beats(until=NOW + 5 * DAY, days=35)
        assert truth(TELNET, around([accepts(23, "telnet"), ahead], *said)) == "true"
        assert truth(TELNET, around([ahead], *said)) != "strong_false"

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

    def test_more_services_than_a_sensor_tells_apart(self) -> None:
        """What is joined over its limit may be the one that is looked for."""
        more = row("service", state="accepted", value="other", count=900, peers=OFFICE[:1])
        assert truth(TELNET, around([refusals(), more])) != "strong_false"
        flows = row("coverage", value="flows", count=900, first_seen=NOW - 29 * DAY)
        assert truth(TELNET, around([flows, more])) == "unknown"


class TestSilence:
    """Silence speaks only where the sensors that see a device watched it."""

    flows = row("coverage", value="flows", count=200, first_seen=NOW - 29 * DAY)

    def test_speaks_after_a_month(self) -> None:
        """The base of all below."""
        assert truth(TELNET, around([self.flows])) == "weak_false"

    def test_not_by_beats_of_the_future(self) -> None:
        """A clock that is ahead has not watched yet."""
        flows = replace(self.flows, first_seen=NOW + 21 * DAY, last_seen=NOW + 39 * DAY)
        assert truth(TELNET, around([flows], *beats(until=NOW + 40 * DAY, days=20))) == "unknown"

    def test_not_by_a_sensor_that_sees_it_since_yesterday(self) -> None:
        """The one that saw it before went blind ten days ago; that the other lives says little."""
        new = row("coverage", sensor=OTHER, value="flows", count=300)
        said = [*beats(until=NOW - 10 * DAY), *beats(OTHER, days=60)]
        assert truth(TELNET, around([self.flows, new], *said)) == "unknown"

    def test_not_of_a_device_that_moved_to_another_sensor(self) -> None:
        """Both sensors live; the one that sees it now has done so since yesterday."""
        old = replace(self.flows, last_seen=NOW - 10 * DAY)
        new = row("coverage", sensor=OTHER, value="flows", count=300)
        said = [*beats(days=60), *beats(OTHER, days=60)]
        assert truth(TELNET, around([old, new], *said)) == "unknown"

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
