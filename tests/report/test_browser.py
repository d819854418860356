"""The report in a real browser: it works, it is silent on the network, and nothing is injected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from report_risks import hospital

from wardwatch_enrichment.model import Device

keys = pytest.importorskip(
    "selenium.webdriver.common.keys", reason="selenium is missing: no browser opened the report"
)
Keys = keys.Keys
NOTHING = {"unknown", "\N{EN DASH}"}
INVENTORY = "#inventory tbody tr"


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
    assert len(buttons) == 14
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
    assert rows(browser, 9)[-4:] == ["10.20.3.99", "10.20.3.140", "10.20.4.61", "10.20.9.20"]
    for _ in range(2):
        heading(browser, "Serial number").click()
        assert set(rows(browser, 7)[6:]) == {"unknown"}


def test_filters_and_sorts_by_label_and_score(
    load: Callable[..., Any], examples: list[Device]
) -> None:
    browser = load(examples, given=hospital(examples))
    assert rows(browser)[:3] == ["ct-room1", "CT_ER", "mr-north"]
    heading(browser, "Class").click()
    for name in ("Label", "Score"):
        heading(browser, name).click()
        assert rows(browser)[:3] == ["ct-room1", "CT_ER", "mr-north"]
        heading(browser, name).click()
        assert rows(browser)[0] != "ct-room1"
    browser.find_element("css selector", "#label option[value='Cannot tell']").click()
    assert sorted(rows(browser)) == ["MR_SOUTH", "pacs-archive"]
    browser.find_element("css selector", "input[value=Medical] + span").click()
    assert rows(browser) == ["MR_SOUTH"]


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
    browser = load(examples, scheme="dark", width=390, given=hospital(examples))
    assert browser.execute_script(script) != light
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    card = browser.find_element("css selector", INVENTORY)
    assert card.value_of_css_property("display") == "grid"


def test_wide_table_scrolls_in_its_own_container(
    load: Callable[..., Any], examples: list[Device]
) -> None:
    browser = load(examples, width=900, given=hospital(examples))
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    overflow = "const s = document.querySelector('.scroll:has(#inventory)');"
    overflow += " return s.scrollWidth > s.clientWidth"
    assert browser.execute_script(overflow)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(
    load: Callable[..., Any], examples: list[Device], scheme: str
) -> None:
    browser = load(examples, scheme=scheme, given=hospital(examples))
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
