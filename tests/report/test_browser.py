"""The report in a real browser: it works, it is silent on the network, and nothing is injected."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wardwatch.outputs.html import write
from wardwatch_enrichment.model import Device

webdriver = pytest.importorskip(
    "selenium.webdriver", reason="selenium is missing, so the report was not opened in a browser"
)
from selenium.webdriver.chrome.service import Service  # noqa: E402  after the check for it
from selenium.webdriver.common.keys import Keys  # noqa: E402

GENERATED = 1_768_161_600.0
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1440,900"
)
NOTHING = {"unknown", "\N{EN DASH}"}
INVENTORY = "#inventory tbody tr"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium or chromedriver is missing: the report was not opened in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*ARGUMENTS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as started:
        yield started


@pytest.fixture
def load(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a report of devices; afterwards nothing was complained of and nothing was fetched."""
    path = tmp_path / "report.html"

    def load(devices: list[Device], **settings: Any) -> Any:
        write(devices, path, site=None, generated=GENERATED)
        scheme = {"name": "prefers-color-scheme", "value": settings.get("scheme", "light")}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": settings.get("width", 1440), "height": 900, "deviceScaleFactor": 1}
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**size, "mobile": size["width"] < 600}
        )
        browser.get(path.as_uri())
        return browser

    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    yield load
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert path.as_uri() in requests
    folder = f"{tmp_path.as_uri()}/"
    assert [url for url in requests if not url.startswith((folder, "data:,"))] == []


def rows(browser: Any, column: int = 0) -> list[str]:
    script = (
        "return [...document.querySelectorAll(arguments[0])]"
        ".map(row => row.cells[arguments[1]].innerText)"
    )
    texts: list[str] = browser.execute_script(script, INVENTORY, column)
    return [text.split("\n")[0] for text in texts]


def heading(browser: Any, name: str) -> Any:
    buttons = browser.find_elements("css selector", "#inventory thead button")
    return next(button for button in buttons if button.text.startswith(name))


def sorting(browser: Any) -> dict[str, str]:
    script = (
        "return Object.fromEntries([...document.querySelectorAll('[aria-sort]')]"
        ".map(h => [h.textContent, h.getAttribute('aria-sort')]))"
    )
    result: dict[str, str] = browser.execute_script(script)
    return result


def test_filters_by_words_and_class(load: Callable[..., Any], examples: list[Device]) -> None:
    browser = load(examples)
    assert len(rows(browser)) == 15
    words = browser.find_element("id", "words")
    words.send_keys("siemens 35177")
    assert rows(browser) == ["mr-north"]
    assert browser.find_element("id", "count").text == "1 of 15 devices"
    words.clear()
    words.send_keys("10.20.4.93")  # stands behind "1 more"
    assert rows(browser) == ["ws-radiology-2"]
    words.send_keys("nothing like this")
    assert browser.find_element("id", "none").is_displayed()
    words.clear()
    words.send_keys(Keys.SPACE)
    browser.find_element("css selector", "input[value=unknown] + span").click()
    assert rows(browser) == ["10.20.3.140", "10.20.3.99"]


def test_sorts_by_every_column_with_the_keyboard(
    load: Callable[..., Any], examples: list[Device]
) -> None:
    browser = load(examples)
    before = rows(browser)
    buttons = browser.find_elements("css selector", "#inventory thead button")
    assert len(buttons) == 12
    for column, button in enumerate(buttons):
        button.send_keys(Keys.ENTER)
        assert list(sorting(browser).values()) == ["ascending"]
        up = [text for text in rows(browser, column) if text not in NOTHING]
        button.send_keys(Keys.SPACE)
        assert list(sorting(browser).values()) == ["descending"]
        down = [text for text in rows(browser, column) if text not in NOTHING]
        assert up == down[::-1], f"column {column}"
        assert sorted(rows(browser)) == sorted(before)


def test_addresses_sort_by_number_and_unknown_comes_last(
    load: Callable[..., Any], examples: list[Device]
) -> None:
    browser = load(examples)
    heading(browser, "IP address").click()
    assert rows(browser, 7)[-4:] == ["10.20.3.99", "10.20.3.140", "10.20.4.61", "10.20.9.20"]
    for _ in range(2):
        heading(browser, "Serial number").click()
        assert set(rows(browser, 5)[6:]) == {"unknown"}


def test_link_leads_to_the_evidence(load: Callable[..., Any], examples: list[Device]) -> None:
    browser = load(examples)
    browser.find_element("link text", "mr-north").click()
    section = browser.find_element("css selector", "section.device:target")
    assert section.find_element("tag name", "h3").text == "mr-north"
    details = section.find_element("tag name", "details")
    assert not details.find_element("tag name", "pre").is_displayed()
    details.find_element("tag name", "summary").click()
    assert '"uid":' in details.find_element("tag name", "pre").text


def test_hostile_names_are_text(load: Callable[..., Any], hostiles: list[Device]) -> None:
    browser = load(hostiles)
    assert browser.execute_script("return document.images.length + document.scripts.length") == 1
    assert rows(browser) == [hostiles[0].hostname, "10.1.0.0"]
    text = browser.find_element("tag name", "body").text
    assert "]]></style><script>alert(4)</script><!--" in text
    assert "{{ 7 * 7 }}" in text
    browser.find_element("id", "words").send_keys("<img")
    assert rows(browser) == [hostiles[0].hostname]
    heading(browser, "Type").click()
    assert browser.execute_script("return document.images.length + document.scripts.length") == 1


def test_dark_and_phone(load: Callable[..., Any], examples: list[Device]) -> None:
    script = "return getComputedStyle(document.body).backgroundColor"
    light = load(examples).execute_script(script)
    browser = load(examples, scheme="dark", width=390)
    assert browser.execute_script(script) != light
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    card = browser.find_element("css selector", INVENTORY)
    assert card.value_of_css_property("display") == "grid"


def test_wide_table_scrolls_in_its_own_container(
    load: Callable[..., Any], examples: list[Device]
) -> None:
    browser = load(examples, width=900)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    overflow = "const s = document.querySelector('.scroll'); return s.scrollWidth > s.clientWidth"
    assert browser.execute_script(overflow)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(
    load: Callable[..., Any], examples: list[Device], scheme: str
) -> None:
    browser = load(examples, scheme=scheme)
    script = """
      const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
      };
      const shown = [...document.querySelectorAll("body :not(title, desc)")].filter((element) =>
        [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
      return [...new Set(shown.map((element) => {
        const style = getComputedStyle(element);
        return (element.localName === "text" ? style.fill : style.color) + ";" + behind(element);
      }))];
    """
    pairs = browser.execute_script(script)
    assert len(pairs) > 4
    for pair in pairs:
        assert contrast(*pair.split(";")) >= 4.5, pair


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1.4.3."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_many_devices_open_in_parts_and_print_whole(
    load: Callable[..., Any], inventory: Callable[[int], list[Device]]
) -> None:
    browser = load(inventory(1000))
    assert len(rows(browser)) == 300
    assert browser.find_element("id", "count").text == "1,000 devices, the first 300 shown"
    words = browser.find_element("id", "words")
    words.send_keys("station999")
    assert rows(browser) == ["radiology-00999.hospital.example.org"]
    words.clear()
    words.send_keys(Keys.SPACE)
    more, everything = browser.find_elements("css selector", "#more button")
    more.click()
    assert len(rows(browser)) == 600
    everything.click()
    assert len(rows(browser)) == 1000
    words.send_keys("radiology")
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(rows(browser)) == 1000
    browser.find_element("css selector", f"{INVENTORY} a").click()
    (title,) = browser.find_elements("css selector", "section.device h3")
    assert browser.title == f"{title.text} \N{EN DASH} device inventory"
    browser.find_element("link text", "Back to the devices").click()
    assert browser.title.startswith("Device inventory")
