"""Boundaries as routers and firewalls print them for `show access-list`, and as facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wardwatch.sources import access_lists
from wardwatch.sources.site_facts import FactsError, read

IOS = """\
ward-gw# show access-lists
Standard IP access list 10
    10 permit 10.20.1.0, wildcard bits 0.0.0.255 (31 matches)
    20 permit 10.20.9.9
Extended IP access list CLINICAL-IN
    10 permit tcp 10.20.1.0 0.0.0.255 host 10.30.0.5 eq 104 11112 (1234 matches)
    20 permit tcp host 10.20.1.7 eq www any established
    25 permit udp any host 10.30.0.9 range snmp snmptrap log-input
    30 permit tcp 10.20.0.0 0.0.254.255 any neq telnet time-range NIGHT (inactive)
    40 deny   ip any any log (5 matches)
IPv6 access list V6
    permit tcp 2001:DB8:1::/48 host 2001:DB8:2::5 eq 443 (1 match) sequence 10
    deny icmp any any echo-request sequence 20
"""
ASA = """\
access-list cached ACL log flows: total 0, denied 0 (deny-flow-max 4096)
            alert-interval 300
access-list W; 6 elements; name hash: 0x1a2b3c4d
W line 1 remark pumps talk to their server
W line 2 extended permit tcp 10.20.1.0 255.255.255.0 host 10.30.0.6 eq https (hitcnt=5) 0xd7
W line 3 extended permit tcp object-group P object-group S range 3613 3615 (hitcnt=9) 0x11
  W line 3 extended permit tcp host 10.20.1.8 host 10.30.0.6 range 3613 3615 (hitcnt=9) 0x22
  W line 3 extended permit tcp host 10.20.1.9 host 10.30.0.6 range 3613 3615 (hitcnt=0) 0x33
W line 4 extended permit tcp any4 any4 eq ssh log warnings interval 9 (hitcnt=0) (inactive) 0x44
W line 5 extended permit ah fqdn a.example (unresolved) interface outside (hitcnt=0) 0x45
W line 6 extended deny ip 10.0.0.0 255.0.0.0 any4 (hitcnt=1) 0x55555555
access-list SPLIT; 1 elements; name hash: 0x77777777
access-list SPLIT line 1 standard permit 10.0.0.0 255.0.0.0 (hitcnt=0) 0x88888888
""".replace("W line", "access-list W line")
NXOS = """\
IP access list LAB
        statistics per-entry
        10 permit tcp 10.40.0.0/16 10.30.0.7/32 eq 443 [match=12]
        20 deny ip any any [match=0]
"""


def rows(text: str) -> list[str]:
    """Return the rows of a listing, each in a line."""
    return [_line(row) for row in access_lists.read(text)]


def _line(row: dict[str, str]) -> str:
    parts = [row["enforced_by"], row["rule"], row["action"], row.get("protocol", "ip")]
    line = " ".join([*parts, row["from"], row["to"], row.get("port", "")]).strip()
    return line + (f" if {row['condition']}" if "condition" in row else "")


def test_a_router_of_cisco() -> None:
    """Wildcards, named ports, several ports, source ports, IPv6, and the denial at the end."""
    assert rows(IOS) == [
        "10 10 permit ip 10.20.1.0/24 0.0.0.0/0",
        "10 20 permit ip 10.20.9.9/32 0.0.0.0/0",
        "10 implicit deny ip 0.0.0.0/0 0.0.0.0/0",
        "CLINICAL-IN 10 permit tcp 10.20.1.0/24 10.30.0.5/32 104,11112",
        "CLINICAL-IN 20 permit tcp 10.20.1.7/32 0.0.0.0/0 if source port 80 established",
        "CLINICAL-IN 25 permit udp 0.0.0.0/0 10.30.0.9/32 161-162",
        "CLINICAL-IN 30 permit tcp 10.20.0.0/16 0.0.0.0/0 0-22,24-65535"
        " if mask 0.0.254.255 time-range NIGHT (inactive)",
        "CLINICAL-IN 40 deny ip 0.0.0.0/0 0.0.0.0/0",
        "CLINICAL-IN implicit deny ip 0.0.0.0/0 0.0.0.0/0",
        "V6 12 permit tcp 2001:db8:1::/48 2001:db8:2::5/128 443",
        "V6 13 deny icmp ::/0 ::/0 if echo-request",
        "V6 implicit deny ip ::/0 ::/0",
    ]


def test_a_firewall_of_cisco() -> None:
    """Netmasks; groups as they are written out; what is switched off or filters nothing is left."""
    assert rows(ASA) == [
        "W 2 permit tcp 10.20.1.0/24 10.30.0.6/32 443",
        "W 3 permit tcp 10.20.1.8/32 10.30.0.6/32 3613-3615",
        "W 3 permit tcp 10.20.1.9/32 10.30.0.6/32 3613-3615",
        "W 5 permit ah any any if fqdn a.example interface outside",
        "W 6 deny ip 10.0.0.0/8 0.0.0.0/0",
        "W implicit deny ip any any",
    ]


def test_a_switch_of_cisco() -> None:
    """Prefixes."""
    assert rows(NXOS) == [
        "LAB 10 permit tcp 10.40.0.0/16 10.30.0.7/32 443",
        "LAB 20 deny ip 0.0.0.0/0 0.0.0.0/0",
        "LAB implicit deny ip 0.0.0.0/0 0.0.0.0/0",
    ]


def test_a_form_of_entries_that_is_not_known_is_named() -> None:
    """A firewall with one more form of them is not taken for one that denies everything."""
    text = "access-list F line 1 advanced permit ip any any rule-id 9 (hitcnt=0) 0x11\n"
    with pytest.raises(ValueError, match="1: entries that are advanced are not known"):
        rows(text)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("permit tcp any any eq teleport", "'teleport' is no known port"),
        ("permit tcp any any eq 70000", "'70000' is no known port"),
        ("permit tcp object-group A any", "a group that is not written out"),
        ("permit object-group S any any", "a group that is not written out"),
        ("permit tcp any any eq", "ends too early"),
        ("permit tcp 10.1.1 any", "10.1.1"),
        ("permit tcp host", "ends too early"),
    ],
)
def test_an_entry_that_is_not_understood_is_named(entry: str, problem: str) -> None:
    """None is passed over: what is missing could be what permits."""
    with pytest.raises(ValueError, match=r"^2: ") as caught:
        rows(f"Extended IP access list X\n    10 {entry}\n")
    assert problem in str(caught.value)


FORWARD = {"chain": {"family": "inet", "table": "fw", "name": "forward", "handle": 1,
                  "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}  # fmt: skip


def test_both_become_facts(tmp_path: Path) -> None:
    """Boundaries, in the order in which they are asked."""
    (tmp_path / "gw.txt").write_text(IOS)
    (tmp_path / "fw.json").write_text(json.dumps({"nftables": [FORWARD]}))
    facts = read(tmp_path / "gw.txt", at=5.0)
    assert [fact.line for fact in facts] == list(range(1, 13))
    assert {fact.kind for fact in facts} == {"boundary"}
    assert facts[3].values == {
        "from": "10.20.1.0/24", "to": "10.30.0.5/32", "protocol": "tcp", "port": "104,11112",
        "action": "permit", "enforced_by": "CLINICAL-IN", "rule": "10",
    }  # fmt: skip
    (policy,) = read(tmp_path / "fw.json", at=5.0)
    assert policy.values["action"] == "deny"
    for name, text, problem in (
        ("notes.txt", "hello", "is not what a router prints"),
        ("gw.txt", IOS.replace("eq 104", "eq dicom"), "gw.txt:6: 'dicom' is no known port"),
        ("fw.json", '{"nftables": 1}', "fw.json:1: is not what"),
        ("site.json", '{"a": 1}', "must have only the lists subnets"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(FactsError, match=name) as caught:
            read(tmp_path / name, at=5.0)
        assert problem in str(caught.value)
