"""What a router or firewall prints for `show access-list`: Cisco IOS, IOS XE, NX-OS and ASA.

Each entry becomes a row of a boundary, in the order in which the device asks them, and each list
ends in the denial that the device adds to it. Where a list is applied does not stand in it. What
narrows an entry further (established, a time range, an ICMP type) is its `condition`: such an
entry may or may not decide.
https://www.cisco.com/c/en/us/td/docs/ios-xml/ios/sec_data_acl/configuration/xe-3s/sec-data-acl-xe-3s-book.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

Row = dict[str, str]
_LIST = re.compile(
    r"^(?:(?:(?P<kind>Standard|Extended|IPv6|IP|MAC|Role-based)\s+)?(?:IPv?[46]?\s+)?access list"
    r"|ipv[46] access-list)\s+(?P<name>\S+)",
    re.IGNORECASE,
)
_ASA = re.compile(
    r"^(?P<in>\s*)access-list (?P<name>\S+) line (?P<line>\d+) (?:(?P<form>[a-z]+) )?"
    r"(?P<rest>(?:permit|deny|remark)\b.*)$"
)
_FILTERS_NOTHING = ("standard", "webtype", "ethertype")  # forms of an ASA's lists
_ENTRY = re.compile(r"^\s*(?:(?P<line>\d+)\s+)?(?P<rest>(?:permit|deny)\s.*)$")
_NOISE = re.compile(
    r"\((?:\d+ matche?s?|\d+ estimate matches|hitcnt=\d+)\)|\[match=\d+\]|\b0x[0-9a-f]+\s*$"
    r"|\bsequence \d+|\blog(?:-input|ging)?\b(?: (?:informational|errors|warnings|notifications"
    r"|debugging|alerts|critical|emergencies|disable|default))?(?: interval \d+)?"
)
# The names of ports that these devices print in place of numbers.
_PORTS = {
    "bgp": 179, "biff": 512, "bootpc": 68, "bootps": 67, "chargen": 19, "cifs": 3020,
    "citrix-ica": 1494, "cmd": 514, "ctiqbe": 2748, "daytime": 13, "discard": 9, "dnsix": 195,
    "domain": 53, "echo": 7, "exec": 512, "finger": 79, "ftp": 21, "ftp-data": 20, "gopher": 70,
    "h323": 1720, "hostname": 101, "http": 80, "https": 443, "ident": 113, "imap4": 143,
    "irc": 194, "isakmp": 500, "kerberos": 750, "klogin": 543, "kshell": 544, "ldap": 389,
    "ldaps": 636, "login": 513, "lotusnotes": 1352, "lpd": 515, "mobile-ip": 434,
    "nameserver": 42, "netbios-dgm": 138, "netbios-ns": 137, "netbios-ss": 139,
    "netbios-ssn": 139, "nfs": 2049, "nntp": 119, "non500-isakmp": 4500, "ntp": 123,
    "pcanywhere-data": 5631, "pcanywhere-status": 5632, "pim-auto-rp": 496, "pop2": 109,
    "pop3": 110, "pptp": 1723, "radius": 1645, "radius-acct": 1646, "rip": 520, "rsh": 514,
    "rtsp": 554, "secureid-udp": 5510, "sip": 5060, "smtp": 25, "snmp": 161, "snmptrap": 162,
    "sqlnet": 1521, "ssh": 22, "sunrpc": 111, "syslog": 514, "tacacs": 49, "talk": 517,
    "telnet": 23, "tftp": 69, "time": 37, "uucp": 540, "vxlan": 4789, "who": 513, "whois": 43,
    "www": 80, "xdmcp": 177,
}  # fmt: skip
_OBJECTS = ("object", "object-group", "addrgroup", "portgroup")
_ANY = {"any4": "0.0.0.0/0", "any6": "::/0"}


def is_access_list(text: str) -> bool:
    """Tell whether a text is one of these listings."""
    return any(_ASA.match(line) or _LIST.match(line) for line in text.splitlines())


def read(text: str) -> Iterator[Row]:
    """Yield the rows of a boundary; raises `ValueError` with the line and what is wrong in it."""
    name, every = "", "any"
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        asa, head = _ASA.match(line), _LIST.match(line)
        if asa and (asa["rest"].startswith("remark") or asa["form"] in _FILTERS_NOTHING):
            continue
        if asa and asa["form"] not in (None, "extended"):
            raise ValueError(f"{number}: entries that are {asa['form']} are not known")
        now = asa["name"] if asa else head["name"].rstrip(":") if head else name
        if name and now != name:
            yield _implicit(name, every)
        name, every = now, _every(line) if head else "any" if asa else every
        if head and (head["kind"] or "").lower() in ("mac", "role-based"):
            raise ValueError(f"{number}: {head['kind']} lists are of no boundary; leave them out")
        entry = asa or (None if head else _ENTRY.match(line))
        if entry and name and not (asa and _is_expanded(lines, number)):
            yield from _of(number, name, entry, every)
    if name:
        yield _implicit(name, every)


def _every(head: str) -> str:
    """Return what `any` is in a list: those of a router are for one version of IP."""
    return "::/0" if head.lower().startswith("ipv6") else "0.0.0.0/0"


def _implicit(name: str, every: str) -> Row:
    return {"from": every, "to": every, "action": "deny", "enforced_by": name, "rule": "implicit"}


def _is_expanded(lines: list[str], number: int) -> bool:
    """Tell whether an ASA prints an entry again below, with its groups written out."""
    this = _ASA.match(lines[number - 1])
    after = _ASA.match(lines[number]) if number < len(lines) else None
    if not this or not after:
        return False
    return after["line"] == this["line"] and len(after["in"]) > len(this["in"])


def _of(number: int, name: str, entry: re.Match[str], every: str) -> Iterator[Row]:
    text = entry["rest"]
    if "(inactive)" in text and "time-range" not in text:
        return  # switched off by hand; outside its time range it only rests
    try:
        row = _Entry(text, every).row()
    except (ValueError, IndexError) as error:
        reason = str(error) if isinstance(error, ValueError) else "ends too early"
        raise ValueError(f"{number}: {reason} in {text.strip()[:100]!r}") from None
    yield {**row, "enforced_by": name, "rule": entry["line"] or str(number)}


class _Entry:
    """One entry, word by word."""

    def __init__(self, text: str, every: str) -> None:
        self._words = _NOISE.sub(" ", text.replace(",", " ")).split()
        self._every = every
        self._conditions: list[str] = []

    def row(self) -> Row:
        """Return it as a row of a boundary."""
        words = self._words
        row = {"action": words.pop(0)}
        if _is_address(words[0]):
            row |= {"from": self._network(), "to": self._every}
        else:
            protocol = words.pop(0)
            if protocol in _OBJECTS:
                raise ValueError("a group that is not written out stands")
            row |= {} if protocol in ("ip", "ipv6", "ipv4") else {"protocol": protocol}
            row["from"] = self._network()
            if source := self._ports():
                self._conditions.append(f"source port {source}")
            row["to"] = self._network()
            if ports := self._ports():
                row["port"] = ports
        if rest := " ".join([*self._conditions, *words]).strip():
            row["condition"] = rest
        return row

    def _network(self) -> str:
        words = self._words
        first = words.pop(0)
        if first in ("any", *_ANY):
            return _ANY.get(first, self._every)
        if first in _OBJECTS:
            raise ValueError("a group that is not written out stands")
        if first in ("interface", "fqdn"):  # addresses that do not stand here
            self._conditions.append(f"{first} {words.pop(0)}")
            if words and words[0] in ("(resolved)", "(unresolved)"):
                del words[0]
            return self._every
        if first == "host":
            return str(ip_network(ip_address(words.pop(0))))
        return str(ip_network(first, strict=False)) if "/" in first else self._masked(first)

    def _masked(self, address: str) -> str:
        """Read an address with its netmask or wildcard; one with holes is widened, and noted."""
        words = self._words
        if words[:2] == ["wildcard", "bits"]:
            del words[:2]
        if ":" in address or not words or not re.fullmatch(r"[\d.]+", words[0]):
            return str(ip_network(address))
        mask = words.pop(0)
        bits = int(ip_address(mask)) ^ (0xFFFF_FFFF if self._every != "any" else 0)
        length = f"{bits:032b}0".find("0")
        if bits != (0xFFFF_FFFF << (32 - length)) & 0xFFFF_FFFF:
            self._conditions.append(f"mask {mask}")
        return str(ip_network(f"{address}/{length}", strict=False))

    def _ports(self) -> str:
        words = self._words
        operator = words[0] if words else ""
        if operator in _OBJECTS:
            raise ValueError("a group that is not written out stands")
        if operator == "range":
            del words[0]
            return f"{_port(words.pop(0))}-{_port(words.pop(0))}"
        if operator not in ("eq", "lt", "gt", "neq"):
            return ""
        del words[0]
        port = _port(words.pop(0))
        if operator == "eq":
            ports = [port]
            while words and (words[0].isdigit() or words[0] in _PORTS):
                ports.append(_port(words.pop(0)))
            return ",".join(map(str, ports))
        below, above = f"0-{port - 1}", f"{port + 1}-65535"
        return {"lt": below, "gt": above, "neq": f"{below},{above}"}[operator]


def _is_address(word: str) -> bool:
    return word in ("any", "any4", "any6", "host") or bool(re.fullmatch(r"[\d.]+(/\d+)?", word))


def _port(word: str) -> int:
    port = int(word) if word.isdigit() else _PORTS.get(word, -1)
    if not 0 <= port <= 65535:
        raise ValueError(f"{word!r} is no known port")
    return port
