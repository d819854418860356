"""What `nft --json list ruleset` prints: the rules by which a Linux firewall forwards.

Each rule of a chain that hooks forwarding (or bridging) becomes rows of a boundary, in their order,
chains that it jumps to written out; the chain's policy comes last. What cannot be said by network,
protocol and port (an interface, a connection's state) is the row's `condition`: such a row may or
may not decide. https://manpages.debian.org/libnftables-json.5
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network, summarize_address_range
from typing import Any

Row = dict[str, str]
DEEPEST = 16  # chains that jump to chains
MOST = 50_000  # rows: sets of addresses are multiplied
STEPS = 1_000_000  # rules, each as often as a jump leads to it
_VERDICTS = {"accept": "permit", "drop": "deny", "reject": "deny"}
_PASSIVE = ("counter", "log", "comment", "mangle", "ct helper", "notrack", "set", "flow")
_ANY = {"ip": "0.0.0.0/0", "ip6": "::/0"}  # elsewhere a chain sees both


@dataclass(frozen=True, slots=True)
class _So:
    """What matched so far."""

    source: tuple[str, ...] | None = None
    target: tuple[str, ...] | None = None
    protocol: str | None = None
    ports: str | None = None
    conditions: tuple[str, ...] = ()

    def also(self, condition: str) -> _So:
        """Return it with a condition more."""
        return replace(self, conditions=(*self.conditions[:20], condition[:200]))


def read(text: str) -> Iterator[Row]:
    """Yield the rows of a boundary; raises `ValueError` with the object's number and the reason."""
    try:
        content = json.loads(text)
        listed = content["nftables"]
        rules = _Rules(listed)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"1: is not what `nft --json list ruleset` prints: {error!r}") from None
    for count, row in enumerate(rules.rows()):
        if count >= MOST:
            raise ValueError(f"1: comes to over {MOST} rows")
        yield row


class _Rules:
    """A rule set: its chains, and what they decide."""

    def __init__(self, listed: list[dict[str, Any]]) -> None:
        self._steps = 0
        self._sets: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._chains: dict[tuple[str, str, str], list[tuple[int, dict[str, Any]]]] = {}
        self._bases: list[tuple[int, tuple[str, str, str], str]] = []
        self._known: set[tuple[str, str, str]] = set()
        asleep: set[tuple[str, str]] = set()
        for number, entry in enumerate(listed, 1):
            ((kind, body),) = entry.items()
            if kind == "table" and "dormant" in body.get("flags", ()):
                asleep.add((body["family"], body["name"]))
            elif kind in ("set", "map"):
                self._sets[_key(body, body["name"])] = body
            elif kind == "rule":
                self._chains.setdefault(_key(body, body["chain"]), []).append((number, body))
            elif kind == "chain":
                self._known.add(_key(body, body["name"]))
            if kind == "chain" and body.get("hook") == "forward":
                action = _VERDICTS[body.get("policy", "accept")]
                self._bases.append((int(body.get("prio", 0)), _key(body, body["name"]), action))
        self._bases = sorted(base for base in self._bases if base[1][:2] not in asleep)

    def rows(self) -> Iterator[Row]:
        """Yield what all chains decide, in their order."""
        for _, key, action in self._bases:
            place = f"{key[1]} {key[2]}"
            for row in self._chain(key, _So(), 0):
                yield {**row, "enforced_by": place}
            for row in _rows(_So(), action, key[0], "policy"):
                yield {**row, "enforced_by": place}

    def _chain(self, key: tuple[str, str, str], so: _So, depth: int) -> Iterator[Row]:
        if depth > DEEPEST:
            raise ValueError(f"1: over {DEEPEST} chains jump to one another at {key[2]}")
        for number, rule in self._chains.get(key, []):
            self._steps += 1
            if self._steps > STEPS:
                raise ValueError("1: its chains jump to one another too often")
            handle = str(rule.get("handle", number))
            for now, verdict, target in self._understood(key, number, rule, so):
                if verdict in ("jump", "goto"):
                    yield from self._chain((*key[:2], target), now, depth + 1)
                elif verdict in _VERDICTS:
                    yield from _rows(now, _VERDICTS[verdict], key[0], handle)
                if verdict not in (*_VERDICTS, "jump", "continue"):
                    # It returns, leaves, or asks a program: what follows may not be reached.
                    so = so.also(f"unless rule {handle} says {verdict}")

    def _understood(
        self, key: tuple[str, str, str], number: int, rule: dict[str, Any], so: _So
    ) -> list[tuple[_So, str, str]]:
        try:
            found = list(self._branches(key, rule.get("expr", []), so))
            for _, verdict, target in found:
                if verdict in ("jump", "goto") and (*key[:2], target) not in self._known:
                    raise ValueError(f"the chain {target!r} is not listed")
            return found
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"{number}: this rule is not understood: {error!r}") from None

    def _branches(
        self, key: tuple[str, str, str], expressions: list[Any], so: _So
    ) -> Iterator[tuple[_So, str, str]]:
        """Yield what a rule decides, in which case: one, or one for each entry of its map."""
        for expression in expressions:
            ((kind, body),) = expression.items()
            if kind == "match":
                so = self._match(key, body, so)
            elif kind == "vmap":
                for value, verdict in self._elements(key, body["data"]):
                    ((name, about),) = verdict.items()
                    case = {"op": "==", "left": body["key"], "right": value}
                    yield self._match(key, case, so), name, (about or {}).get("target", "")
                return
            elif kind in (*_VERDICTS, "jump", "goto", "return", "queue", "continue"):
                yield so, kind, (body or {}).get("target", "") if isinstance(body, dict) else ""
                return
            elif kind not in _PASSIVE:
                so = so.also(_text(expression))

    def _match(self, key: tuple[str, str, str], match: Mapping[str, Any], so: _So) -> _So:
        left, right = match["left"], match["right"]
        about = left.get("payload", {}) if isinstance(left, dict) else {}
        field, protocol = about.get("field"), about.get("protocol")
        if match.get("op", "==") in ("==", "in") and not self._is_changing(key, right):
            values = self._elements(key, right)
            name = {"saddr": "source", "daddr": "target"}.get(str(field), "")
            if name and protocol in ("ip", "ip6") and getattr(so, name) is None:
                networks = tuple(n for value in values for n in _networks(value))
                return replace(so, **{name: networks})  # type: ignore[arg-type]
            if field == "dport" and so.ports is None:
                named = so.protocol if protocol == "th" else protocol
                if so.protocol in (None, named):
                    return replace(so, ports=",".join(map(_ports, values)), protocol=named)
            if _is_protocol(left) and so.protocol is None and len(values) == 1:
                return replace(so, protocol=str(values[0]))
        return so.also(f"{_text(left)} {match.get('op', '==')} {_text(right)}")

    def _is_changing(self, key: tuple[str, str, str], right: Any) -> bool:
        """Tell whether this is a set whose entries come and go."""
        if not (isinstance(right, str) and right.startswith("@")):
            return False
        flags = self._sets[(*key[:2], right[1:])].get("flags", [])
        return bool({"dynamic", "timeout"} & set(flags if isinstance(flags, list) else [flags]))

    def _elements(self, key: tuple[str, str, str], right: Any) -> list[Any]:
        """Return the single values of what something is compared with."""
        if isinstance(right, str) and right.startswith("@"):
            right = {"set": self._sets[(*key[:2], right[1:])].get("elem", [])}
        listed = right["set"] if isinstance(right, dict) and "set" in right else right
        values = listed if isinstance(listed, list) else [listed]
        return [v["elem"]["val"] if isinstance(v, dict) and "elem" in v else v for v in values]


def _key(body: Mapping[str, Any], name: str) -> tuple[str, str, str]:
    return str(body["family"]), str(body["table"]), str(name)


def _is_protocol(left: Any) -> bool:
    if not isinstance(left, dict):
        return False
    payload = left.get("payload", {})
    return left.get("meta", {}).get("key") == "l4proto" or (
        (payload.get("protocol"), payload.get("field")) in (("ip", "protocol"), ("ip6", "nexthdr"))
    )


def _networks(value: Any) -> list[str]:
    if isinstance(value, dict) and "prefix" in value:
        prefix = value["prefix"]
        return [str(ip_network(f"{prefix['addr']}/{prefix['len']}", strict=False))]
    if isinstance(value, dict):
        first, last = (ip_address(end) for end in value["range"])
        return [str(network) for network in summarize_address_range(first, last)]
    return [str(ip_network(value, strict=False))]


def _ports(value: Any) -> str:
    if isinstance(value, dict):
        first, last = value["range"]
        return f"{_port(first)}-{_port(last)}"
    return str(_port(value))


def _port(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdigit() or int(value) > 65535:
        raise ValueError(f"{value!r} is no number of a port; list with `nft --json --numeric`")
    return int(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))[:200]


def _rows(so: _So, action: str, family: str, rule: str) -> Iterator[Row]:
    any_ = (_ANY.get(family, "any"),)
    if so.ports == "":
        return  # compared with an empty set: it never fits
    for source in any_ if so.source is None else so.source:
        for target in any_ if so.target is None else so.target:
            row = {"from": source, "to": target, "action": action, "rule": rule}
            row |= {"protocol": so.protocol} if so.protocol else {}
            row |= {"port": so.ports} if so.ports else {}
            row |= {"condition": "; ".join(so.conditions)} if so.conditions else {}
            yield row
