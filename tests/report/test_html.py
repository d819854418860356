"""The report as a file: what it holds, what it must not hold, and how large it grows."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from wardwatch.outputs.html import write
from wardwatch.outputs.report.text import clip, confidence_word, moment, visible
from wardwatch_enrichment.model import Device

GENERATED = 1_768_161_600.0  # 2026-01-11 20:00 UTC
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
LOADING = {"src", "href", "srcset", "action", "formaction", "data", "poster", "xlink:href"}


class Page(HTMLParser):
    """The elements, attributes and text of a page as a parser sees them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "

    def values(self, name: str) -> list[str]:
        return [value for _, key, value in self.attributes if key == name]


@pytest.fixture
def report(examples: list[Device], tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    assert write(examples, path, site=None, generated=GENERATED) == [path]
    return path


def test_index_names_site_times_and_counts(report: Path) -> None:
    text = " ".join(Page(report).text.split())
    assert "Site St. Example Hospital" in text
    assert "Generated 2026-01-11 20:00 UTC" in text
    assert "Medical devices 10 Other hosts 3 Unknown 2 Manufacturers 8" in text
    assert "Serial number known 6 of 10 medical Software known 8 of 10 medical" in text


def test_medical_devices_come_first_by_manufacturer_and_model(report: Path) -> None:
    rows = re.findall(r"<th scope=row><a [^>]*><bdi>([^<]*)", report.read_text(encoding="utf-8"))
    assert rows == [
        *("DX_ORTHO", "US_OBGYN", "CT_ER", "ecg-cart-07", "MR_SOUTH", "ct-room1", "mr-north"),
        *("us-echo2", "ANGIO1", "10.20.3.20", "lobby-cam", "pacs-archive", "ws-radiology-2"),
        *("10.20.3.140", "10.20.3.99"),
    ]


def test_nothing_is_loaded_and_nothing_runs_but_the_hashed_script(report: Path) -> None:
    page, text = Page(report), report.read_text(encoding="utf-8")
    targets = [value for _, name, value in page.attributes if name in LOADING]
    assert targets
    assert all(target.startswith(("#", "data:,")) for target in targets)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    policy = next(value for value in page.values("content") if "default-src" in value)
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_charts_are_labelled_and_carry_no_style_of_their_own(report: Path) -> None:
    charts = re.findall(r"<svg.*?</svg>", report.read_text(encoding="utf-8"), re.DOTALL)
    assert len(charts) == 2
    for chart in charts:
        assert 'role="img"' in chart
        assert re.search(r"<title>Medical devices by \w+</title><desc>[^<]+: \d", chart)
        assert not re.search(r"<(script|style|defs)|style=|xmlns|<!--", chart)


def test_contradicted_and_earlier_values_are_shown_as_such(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    assert re.search(r"<bdi>syngo MR B13</bdi> <span class=\"mark\">earlier</span>", text)
    assert re.search(r"<bdi>Trio</bdi> <span class=\"mark\">contradicted</span>", text)
    assert re.search(r"medium <small>0\.60</small>", text)


def test_evidence_is_complete(report: Path, examples: list[Device]) -> None:
    text = " ".join(Page(report).text.split())
    for device in examples:
        for attribute in device.attributes:
            for item in attribute.evidence:
                for part in (item.field, item.value, item.log, item.sensor, item.host):
                    assert part in text
                assert f"uid {item.uid}" in text
                assert item.line in text
                assert hashlib.sha256(item.line.encode()).hexdigest() in text


def test_hostile_values_stay_text(hostiles: list[Device], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write(hostiles, path, site=hostiles[1].site, generated=GENERATED)
    page, text = Page(path), path.read_text(encoding="utf-8")
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 1
    assert "img" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "&amp;lt;b&amp;gt;" in text
    assert "\\u202egnp.exe\\u2066\\x1b[31m\\x00\\u200b\\u3164" in page.text
    assert not CONTROLS.search(text)
    assert "W" * 501 not in re.sub("<pre.*?</pre>", "", text)
    assert path.stat().st_size < 100_000


def test_many_devices_get_a_page_each(
    inventory: Callable[[int], list[Device]], hostiles: list[Device], tmp_path: Path
) -> None:
    path = tmp_path / "hospital #1.html"
    devices = [*inventory(400), hostiles[0]]
    files = write(devices, path, site=None, generated=GENERATED)
    folder = tmp_path / "hospital #1-devices"
    assert files[0] == path
    assert sorted(files[1:]) == sorted(folder.iterdir())
    assert sorted(tmp_path.iterdir()) == sorted([path, folder])
    assert len(files) == 1 + len(devices)
    for page in files[1:]:
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*\.html", page.name)
        assert "../hospital%20%231.html" in Page(page).values("href")
    links = {value for value in Page(path).values("href") if value.endswith(".html")}
    assert links == {f"hospital%20%231-devices/{page.name}" for page in files[1:]}


def test_the_section_is_the_same_in_both_forms(
    inventory: Callable[[int], list[Device]], tmp_path: Path
) -> None:
    devices = inventory(400)
    small, large = tmp_path / "small.html", tmp_path / "large.html"
    write(devices[:1], small, site=None, generated=GENERATED)
    write(devices, large, site=None, generated=GENERATED)
    section = re.compile(r'<section class="device".*?</dl>.*?</table>', re.DOTALL)
    page = tmp_path / "large-devices" / f"{devices[0].id}.html"
    inline = section.search(small.read_text(encoding="utf-8"))
    apart = section.search(page.read_text(encoding="utf-8"))
    assert inline is not None
    assert apart is not None
    assert inline.group() == apart.group()


def test_ten_thousand_devices_stay_under_five_megabytes(
    inventory: Callable[[int], list[Device]], tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    write(inventory(10_000), path, site=None, generated=GENERATED)
    assert path.stat().st_size < 5_000_000


def test_no_devices_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write([], path, site="Ward 3", generated=GENERATED)
    assert "wardwatch ingest" in Page(path).text


def test_a_second_report_replaces_the_first(examples: list[Device], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write(examples[:1], path, site=None, generated=GENERATED)
    assert "ct-room1" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named_with_its_remedy(examples: list[Device], tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "report.html"
    with pytest.raises(FileNotFoundError, match=r"folder that exists.*nowhere"):
        write(examples, path, site=None, generated=GENERATED)


def test_a_folder_in_the_report_s_place_is_kept(examples: list[Device], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write(examples, path, site=None, generated=GENERATED)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("TrioTim", "TrioTim"),
        ("Gerät 東芝", "Gerät 東芝"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202e\u2066\u200b\ufeff", "\\u202e\\u2066\\u200b\\ufeff"),
        ("\u3164\u2800\ufe0f\xa0", "\\u3164\\u2800\\ufe0f\\xa0"),
        ("\ud800", "\\ud800"),
        ("a\u0301\u0301\u0301\u0301", "a\u0301\u0301\u0301\\u0301"),
    ],
)
def test_hidden_characters_become_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_long_text_is_bounded_and_says_so() -> None:
    assert clip("abc", 3) == "abc"
    assert clip("a" * 1500, 10) == "aaaaaaaaaa… (1,490 more characters)"


def test_times_and_confidence_in_words() -> None:
    assert moment(GENERATED) == "2026-01-11 20:00"
    assert moment(1e300) == moment(float("nan")) == "unknown"
    assert [confidence_word(c) for c in (0.95, 0.6, 0.2)] == ["high", "medium", "low"]


def test_pages_of_an_earlier_inventory_go(tmp_path: Path) -> None:
    """A device that was merged or forgotten is not left to be found."""
    stale = tmp_path / "report-devices" / "gone.html"
    stale.parent.mkdir()
    stale.write_text("old")
    write([], tmp_path / "report.html", site=None, generated=0.0)
    assert not stale.exists()
