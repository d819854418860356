"""Bulletins as text and HTML: which numbers they name, whatever their form tries."""

from __future__ import annotations

import time

import pytest

from wardwatch.sources.bulletins import MOST, BulletinError, vulnerabilities


@pytest.mark.parametrize(("text", "named"), [
    ("fixes CVE-2020-6961 and cve-2020-6962.", ["CVE-2020-6961", "CVE-2020-6962"]),
    ("CVE-2018-1059<wbr>9", ["CVE-2018-10599"]),
    ("<b>CVE</b>-<span class=x>2018</span>-10597", ["CVE-2018-10597"]),
    ("<td>CVE-2018-10597</td><td>5</td>", ["CVE-2018-10597"]),
    ("CVE-2018-1059<sup>1</sup>", ["CVE-2018-1059"]),
    ("<p>CVE-2018-10597</p><p>10601</p>", ["CVE-2018-10597"]),
    ("CVE&#8209;2017&#8209;12718", ["CVE-2017-12718"]),
    ("CVE-2017-\u200b12720 and CVE-2017-\u00ad12721", ["CVE-2017-12720", "CVE-2017-12721"]),
    ("CVE-2017-\n  12722", ["CVE-2017-12722"]),
    ("CVE 2017 12723", ["CVE-2017-12723"]),
    ('<a href="https://nvd.example/CVE-2017-12724">here</a>', ["CVE-2017-12724"]),
    ("CVE-2017-123456789 CVE-2017-1", None),
    ("\x1b]0;x\x07CVE-2017-12725\x1b[0m", ["CVE-2017-12725"]),
])  # fmt: skip
def test_names(text: str, named: list[str] | None) -> None:
    """Numbers that the markup breaks up are whole, and none grows by what stands behind it."""
    if named is None:
        with pytest.raises(BulletinError, match="names no CVE"):
            vulnerabilities(text.encode())
    else:
        assert vulnerabilities(text.encode()) == named


@pytest.mark.parametrize(
    "body", [b"%PDF-1.7\nCVE-2020-6961", "CVE-2020-6961".encode("utf-16"), b"CVE-2020-6961\0"]
)
def test_what_is_no_text_is_refused(body: bytes) -> None:
    """What of it happens to be readable is not all that it names."""
    with pytest.raises(BulletinError, match="save it as text"):
        vulnerabilities(body)


@pytest.mark.parametrize("part", ["<!--", "<script>", "<a ", "&#", "<", "CVE-", "CVE-2020-"])
def test_a_hostile_one_is_read_in_time(part: str) -> None:
    """Two megabytes of what never ends."""
    began = time.monotonic()
    body = part * (2_000_000 // len(part)) + " CVE-2020-6961"
    assert vulnerabilities(body.encode()) == ["CVE-2020-6961"]
    assert time.monotonic() - began < 20


def test_no_more_than_so_many() -> None:
    """A list of all numbers is no bulletin."""
    body = " ".join(f"CVE-2020-{number}" for number in range(1000, 9000))
    assert len(vulnerabilities(body.encode())) == MOST
