"""Bulletins that are only text or HTML: the numbers of the vulnerabilities that they name."""

from __future__ import annotations

import html
import re

LONGEST = 20 << 20  # bytes
MOST = 5_000  # numbers of one bulletin
_CVE = re.compile(r"\bCVE[-\u2010-\u2015 ](\d{4})[-\u2010-\u2015 ](\d{4,7})\b", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|<[^<>]{0,2000}>", re.DOTALL | re.I)


class BulletinError(Exception):
    """A file is no bulletin; the message says why."""


def vulnerabilities(body: bytes) -> list[str]:
    """Return the CVE numbers in a text, in its order; raises `BulletinError` for none."""
    if len(body) > LONGEST:
        raise BulletinError(f"is over {LONGEST >> 20} MB; no bulletin is so large")
    if b"\0" in body[:4096]:
        raise BulletinError("is no text; save it as text or HTML")
    text = body.decode(errors="replace")
    # Numbers also stand in links and attributes, and may be broken up by tags.
    shown = html.unescape(_TAG.sub(" ", text))
    joined = html.unescape(_TAG.sub("", text))
    found = dict.fromkeys(
        f"CVE-{year}-{number}"
        for version in (shown, joined, text)
        for year, number in _CVE.findall(version)
    )
    if not found:
        raise BulletinError("names no CVE number")
    return list(found)[:MOST]
