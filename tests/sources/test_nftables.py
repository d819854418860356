"""Boundaries as `nft --json list ruleset` prints them."""

from __future__ import annotations

import json

import pytest

from wardwatch.sources import nftables


def _line(row: dict[str, str]) -> str:
    parts = [row["enforced_by"], row["rule"], row["action"], row.get("protocol", "ip")]
    line = " ".join([*parts, row["from"], row["to"], row.get("port", "")]).strip()
    return line + (f" if {row['condition']}" if "condition" in row else "")


def rule(handle: int, *expressions: object, chain: str = "forward") -> dict[str, object]:
    """Return a rule of the table inet fw."""
    return {"rule": {"family": "inet", "table": "fw", "chain": chain, "handle": handle,
                     "expr": list(expressions)}}  # fmt: skip


def match(protocol: str, field: str, right: object, op: str = "==") -> dict[str, object]:
    """Return a comparison with a field of a header."""
    left = {"payload": {"protocol": protocol, "field": field}}
    return {"match": {"op": op, "left": left, "right": right}}


def prefix(address: str, length: int) -> dict[str, object]:
    """Return a network as nftables writes it."""
    return {"prefix": {"addr": address, "len": length}}


STATE = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established"]}}
BASE = {"chain": {"family": "inet", "table": "fw", "name": "forward", "handle": 1,
                  "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}  # fmt: skip


def listing(*rules: object, sets: tuple[object, ...] = ()) -> list[str]:
    """Return what comes of a rule set, each row in a line."""
    text = json.dumps({"nftables": [
        {"metainfo": {"version": "1.0.9", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "fw", "handle": 1}}, BASE, *sets, *rules,
    ]})  # fmt: skip
    return [_line(row).removeprefix("fw forward ") for row in nftables.read(text)]


def named(name: str, *elements: object, **more: object) -> dict[str, object]:
    """Return a set of the table inet fw."""
    return {"set": {"family": "inet", "table": "fw", "name": name, "elem": list(elements), **more}}


def chain(name: str) -> dict[str, object]:
    """Return a chain of the table inet fw that others jump to."""
    return {"chain": {"family": "inet", "table": "fw", "name": name, "handle": 3}}


def test_rules_that_forward() -> None:
    """Networks, sets, ranges; counters and logs decide nothing; the policy comes last."""
    found = listing(
        rule(4, STATE, {"accept": None}),
        rule(5, match("ip", "saddr", prefix("10.20.1.0", 24)), match("ip", "daddr", "@servers"),
             match("tcp", "dport", {"set": [104, {"range": [11112, 11120]}]}),
             {"counter": {"packets": 1, "bytes": 2}}, {"accept": None}),
        rule(6, match("ip", "saddr", {"range": ["10.20.2.0", "10.20.3.127"]}), {"log": None},
             {"reject": {"type": "icmp", "expr": "port-unreachable"}}),
        rule(7, {"counter": {"packets": 0, "bytes": 0}}),
        rule(8, match("ip6", "daddr", "2001:db8::5"), match("udp", "dport", 53), {"accept": None}),
        rule(9, match("ip", "saddr", "10.9.9.9", "!="), {"drop": None}),
        rule(10, {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "tcp"}},
             match("th", "dport", 22), {"drop": None}),
        rule(11, match("ip", "saddr", "10.0.0.1"), {"drop": None}, chain="input"),
        sets=(named("servers", "10.30.0.5", {"elem": {"val": "10.30.0.6", "comment": "PACS"}}),),
    )  # fmt: skip
    assert found == [
        '4 permit ip any any if {"ct":{"key":"state"}} in ["established"]',
        "5 permit tcp 10.20.1.0/24 10.30.0.5/32 104,11112-11120",
        "5 permit tcp 10.20.1.0/24 10.30.0.6/32 104,11112-11120",
        "6 deny ip 10.20.2.0/24 any",
        "6 deny ip 10.20.3.0/25 any",
        "8 permit udp any 2001:db8::5/128 53",
        '9 deny ip any any if {"payload":{"protocol":"ip","field":"saddr"}} != 10.9.9.9',
        "10 deny tcp any any 22",
        "policy deny ip any any",
    ]


def test_chains_that_jump() -> None:
    """What led to a chain counts in it; what may not be reached says so."""
    state = {"key": {"ct": {"key": "state"}}, "data": {"set": [
        ["established", {"accept": None}], ["invalid", {"drop": None}],
        ["new", {"jump": {"target": "new"}}],
    ]}}  # fmt: skip
    found = listing(
        rule(4, {"vmap": state}),
        rule(5, match("ip", "saddr", "10.20.1.9"), {"jump": {"target": "pumps"}}),
        rule(6, match("tcp", "dport", 443), {"accept": None}),
        rule(7, match("ip", "daddr", "10.30.0.5"), {"accept": None}, chain="pumps"),
        rule(8, match("tcp", "dport", 80), {"return": None}, chain="pumps"),
        rule(9, {"drop": None}, chain="pumps"),
        rule(10, match("udp", "dport", 161), {"accept": None}, chain="new"),
        sets=(chain("pumps"), chain("new")),
    )
    ct = 'if {"ct":{"key":"state"}} =='
    assert found == [
        f"4 permit ip any any {ct} established",
        f"4 deny ip any any {ct} invalid",
        f"10 permit udp any any 161 {ct} new",
        "7 permit ip 10.20.1.9/32 10.30.0.5/32",
        "9 deny ip 10.20.1.9/32 any if unless rule 8 says return",
        "6 permit tcp any any 443",
        "policy deny ip any any",
    ]


def test_a_table_that_sleeps_decides_nothing() -> None:
    """Its chains are listed like those of any other."""
    asleep = {"table": {"family": "inet", "name": "fw", "handle": 1, "flags": ["dormant"]}}
    text = json.dumps({"nftables": [asleep, BASE, rule(4, {"accept": None})]})
    assert list(nftables.read(text)) == []


def test_sets_that_are_empty_or_change() -> None:
    """An empty one fits nothing; what is in a changing one today may be out tomorrow."""
    found = listing(
        rule(4, match("ip", "saddr", "@none"), {"accept": None}),
        rule(5, match("tcp", "dport", "@none"), {"accept": None}),
        rule(6, match("ip", "saddr", "@banned"), {"drop": None}),
        sets=(named("none"), named("banned", "10.1.1.1", flags=["timeout"])),
    )
    assert found == [
        '6 deny ip any any if {"payload":{"protocol":"ip","field":"saddr"}} == @banned',
        "policy deny ip any any",
    ]


ODD = json.dumps({"nftables": [{"chain": {**BASE["chain"], "policy": "ask"}}]})
LOOP = rule(4, {"jump": {"target": "forward"}})
WIDE = {"set": [f"10.{number // 256}.{number % 256}.1" for number in range(300)]}


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ((LOOP,), "jump to one another"),
        ((rule(4, match("ip", "saddr", "@gone"), {"drop": None}),), "this rule is not"),
        ((rule(4, match("tcp", "dport", "https"), {"drop": None}),), "is no number of a port"),
        ((rule(4, match("ip", "saddr", "10.0.0"), {"drop": None}),), "this rule is not"),
        ((rule(4, match("ip", "saddr", WIDE), match("ip", "daddr", WIDE), {"drop": None}),),
         "comes to over"),
        ((rule(4, {"jump": {"target": "gone"}}),), "the chain 'gone' is not listed"),
        ((rule(4, "drop"),), "this rule is not"),
    ],
)  # fmt: skip
def test_rules_that_are_not_understood_are_named(rules: tuple[object, ...], problem: str) -> None:
    """As with routers: none is passed over."""
    with pytest.raises(ValueError) as caught:
        listing(*rules)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"nftables": 1}', '{"nftables": [1]}', '{"a": 1}', ODD]
)
def test_other_json_is_refused(text: str) -> None:
    """With the command that prints what is meant."""
    with pytest.raises(ValueError, match="nft --json list ruleset"):
        list(nftables.read(text))
