"""Boundaries and trials on the bench: what they prove, and what they do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from engine_words import (
    BARE,
    TELNET,
    WEB,
    accepts,
    around,
    called,
    fact,
    judged,
    refusals,
    rule,
    truth,
)
from evidence_words import ADDRESS, DAY, NOW, OFFICE, attribute, surroundings

from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Exposure


class TestBoundaries:
    """A rule set keeps out only what it really keeps out."""

    deny = rule("deny", "any", "10.30.1.0/24", protocol="tcp", port="23", rule="9")

    def kept(self, *rules: Fact, rows: Iterable[Exposure] = ()) -> bool:
        """Tell whether the boundary is a proof for telnet."""
        return truth(TELNET, around(rows, facts=rules)) == "strong_false"

    def test_is_a_proof_where_all_holds(self) -> None:
        """The base of all below."""
        assert self.kept(self.deny)

    def test_link_local_addresses_are_not_routed(self) -> None:
        """No list needs to name them; one that is routed must be kept, too."""
        for other, kept in (("fe80::1", True), ("2001:db8::1", False)):
            two = replace(BARE, ips=(ADDRESS, other))
            asked = truth(TELNET, around([], facts=[self.deny], device=two))
            assert (asked == "strong_false") == kept

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


def test_the_words_of_the_cases_still_prove() -> None:
    """A refusal as the words of the examples have it, beside a list that denies."""
    where = surroundings(BARE, ["refuses tcp/23", "denies tcp/23"])
    assert judged(TELNET, where).wording == "not exploitable"
