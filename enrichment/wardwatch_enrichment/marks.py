"""Rules that mark the addresses of a site's medical devices, for threat-services.rules.

What speaks a medical protocol in clear text is marked by marks-devices.rules as soon as it does.
What speaks nothing but TLS is not, but may be known to the inventory by other means. The file says
of itself what those of `watch` say, and is read and found stale in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from wardwatch_enrichment.links import by_number
from wardwatch_enrichment.watch import RuleFile, dated

HEAD = "# Marks of Wardwatch, by `wardwatch rules marks`: which addresses are medical devices'."
SIDS = range(1_810_000, 1_811_000)  # of the numbers for generated rules; the rest is `watch`'s
PER_RULE = 100  # Suricata reads no rule that is longer than 8,191 bytes; an address has up to 39
_RULE = re.compile(r"(alert .*;) sid:(\d+); rev:(\d+);\)")
_RETIRED = re.compile(r"# retired: sid (\d+) rev (\d+)")


def build(devices: Mapping[str, Iterable[str]], previous: str, made: float, valid_days: int) -> str:
    """Return the file; the same devices, time and earlier file give the same text.

    Raises `ValueError` where there are more addresses than numbers for rules.
    """
    groups = list(_groups({address for own in devices.values() for address in own}))
    if len(groups) > len(SIDS):
        raise ValueError(f"{PER_RULE * len(SIDS)} addresses can be marked, and there are more")
    earlier = _numbered(previous)
    lines = [
        HEAD,
        *dated(made, valid_days),
        *(
            f"# device: {device} medical {','.join(sorted(own, key=by_number))}"
            for device, own in sorted(devices.items())
        ),
        *(
            f"# retired: sid {sid} rev {rev}"
            for sid, (rev, _) in sorted(earlier.items())
            if sid not in SIDS[: len(groups)]
        ),
    ]
    for sid, group in zip(SIDS, groups, strict=False):
        rev, text = earlier.get(sid, (0, ""))
        rule = _rule(group)
        rev += text != rule
        lines += ["", f"# {len(group)} addresses.", f"{rule} sid:{sid}; rev:{rev};)"]
    return "\n".join(lines) + "\n"


def unmarked(file: RuleFile, devices: Iterable[str]) -> list[str]:
    """Return why a file no longer marks all that it should: the medical devices that it lacks."""
    return [f"device {device} is not in it" for device in sorted(set(devices) - set(file.devices))]


def _groups(addresses: set[str]) -> Iterable[list[str]]:
    ordered = sorted(addresses, key=by_number)
    for at in range(0, len(ordered), PER_RULE):
        yield ordered[at : at + PER_RULE]


def _rule(addresses: list[str]) -> str:
    return (
        f"alert ip [{','.join(addresses)}] any -> any any "
        '(msg:"WARDWATCH mark medical device of the inventory"; '
        "xbits:set,wardwatch.device,track ip_src,expire 86400; noalert; classtype:misc-activity; "
        "metadata:signature_severity Informational, attack_target IoMT;"
    )


def _numbered(text: str) -> dict[int, tuple[int, str]]:
    """Return `rev` and text of each rule of an earlier file, by its number."""
    found: dict[int, tuple[int, str]] = {}
    for line in text.splitlines():
        if rule := _RULE.fullmatch(line):
            found[int(rule[2])] = (int(rule[3]), rule[1])
        elif retired := _RETIRED.fullmatch(line):
            found[int(retired[1])] = (int(retired[2]), "")
    return found
