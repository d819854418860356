"""What comes out of a printer: one device or one ward on a page, and nothing else with it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from report_risks import given, hospital, rated

from wardwatch_enrichment.model import Device


def test_one_card_and_one_ward_a_page_are_printed(
    load: Callable[..., Any], examples: list[Device]
) -> None:
    browser = load(examples, given=hospital(examples))
    browser.execute_script("window.print = () => {}")
    browser.find_element("css selector", "section.device button.print").click()
    assert shown_in_print(browser) == {"card"}
    assert printed(browser) == 1
    browser.find_element("css selector", ".walk button.print").click()
    assert shown_in_print(browser) == {"ward"}
    assert printed(browser) == 3
    assert shown_in_print(browser) == {"card", "ward", "risk", "claims", "inventory"}


def printed(browser: Any) -> int:
    """How many pages a printer would put out; the page is told that it was printed."""
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", base64.b64decode(pdf)))


def shown_in_print(browser: Any) -> set[str]:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    script = """
      return ["card", "ward", "risk", "claims", "inventory"].filter((name) =>
        [...document.querySelectorAll(`.${name}, #${name}`)].some((one) => one.checkVisibility()));
    """
    found: list[str] = browser.execute_script(script)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    return set(found)


def test_a_card_of_long_words_still_fits_on_a_page(
    load: Callable[..., Any], examples: list[Device]
) -> None:
    words = "word " * 200
    device = examples[0]
    told = [replace(a, name=name, value=words) for name in ("ward", "owner", "phone", "note")
            for a in device.attributes[:1]]  # fmt: skip
    many = tuple(f"10.20.3.{at}" for at in range(50))
    device = replace(device, ips=many, names=many, attributes=(*told, *device.attributes))
    found = []
    for number, label in enumerate(("Act", "Attend", "Attend", "Track"), 1):
        one = rated(device, label, number)
        finding = replace(one.finding, title=words, actions=(words,) * 5)
        found.append(replace(one, finding=finding))
    browser = load([device], given=given({device: found}, hours={device.id: words}))
    browser.execute_script("window.print = () => {}")
    browser.find_element("css selector", "section.device button.print").click()
    assert printed(browser) == 1
