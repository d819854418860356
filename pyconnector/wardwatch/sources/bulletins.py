"""Bulletins that are only text or HTML: the numbers of the vulnerabilities that they name."""

from __future__ import annotations

import html
import re

LONGEST = 20 << 20  # bytes
MOST = 5_000  # numbers of one bulletin
_DASH = r"(?:[-\u2010-\u2015\u2212]\s{0,3}|[ \u00a0])"  # behind a dash the line may be broken
_CVE = re.compile(rf"\bCVE{_DASH}([0-9]{{4}}){_DASH}([0-9]{{4,7}})\b", re.IGNORECASE)
_TAG = re.compile(r"<(?P<name>[/!]?[a-z0-9-]*)[^<>]{0,2000}>", re.IGNORECASE)
# What a number may be broken up by. Others end it: a cell, a line, a footnote's mark behind it.
_WITHIN = frozenset((
    "a", "abbr", "b", "bdi", "code", "em", "font", "i", "ins", "mark", "s", "small", "span",
    "strong", "tt", "u", "wbr",
))  # fmt: skip
_UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_NO_TEXT = (b"%PDF", b"PK\3\4", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")


class BulletinError(Exception):
    """A file is no bulletin; the message says why."""


def vulnerabilities(body: bytes) -> list[str]:
    """Return the CVE numbers in a text, in its order; raises `BulletinError` for none."""
    if len(body) > LONGEST:
        raise BulletinError(f"is over {LONGEST >> 20} MB; no bulletin is so large")
    if b"\0" in body[:4096] or body.startswith(_NO_TEXT):
        raise BulletinError("is no text; save it as text or HTML")
    text = body.decode(errors="replace")
    tags: list[str] = []  # numbers also stand in links and attributes

    def shown(tag: re.Match[str]) -> str:
        tags.append(tag[0])
        return "" if tag["name"].lstrip("/").casefold() in _WITHIN else " "

    seen = _TAG.sub(shown, text)
    found = dict.fromkeys(
        f"CVE-{year}-{number}"
        for part in (seen, "\n".join(tags))
        for year, number in _CVE.findall(html.unescape(part).translate(_UNSEEN))
    )
    if not found:
        raise BulletinError("names no CVE number")
    return list(found)[:MOST]
