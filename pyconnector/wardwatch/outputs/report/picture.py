"""Bars as plain inline SVG, coloured by the page; the words stand beside them as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from wardwatch.outputs.report.text import visible
from wardwatch_enrichment.risk.figures import Figures, model

_WIDTH = 400
_LEAST = 3.0  # so wide is what there is at all, however few


class Part(NamedTuple):
    """A part of a stacked bar: its word, how many, and the class that gives it its look."""

    word: str
    number: int
    look: str


def stack(title: str, parts: Sequence[Part], height: int = 16) -> Markup:
    """Draw how a whole is made up; nothing that is there is too small to be seen."""
    there = [part for part in parts if part.number]
    total = sum(part.number for part in there)
    svg = _image(title, ", ".join(f"{part.word}: {part.number:,}" for part in there), height)
    room = _WIDTH - _LEAST * len(there)
    at = 0.0
    for part in there:
        wide = _LEAST + room * part.number / total
        _box(svg, at, wide, height, part.look)
        at += wide
    return _markup(svg)


def level(title: str, score: float, figures: Figures | None = None, height: int = 10) -> Markup:
    """Draw a score of 0 to 100, with a mark where each band begins."""
    bounds = [bound for bound in (figures or model())["bands"].values() if bound]
    svg = _image(title, f"{score:.1f} of 100", height)
    _box(svg, 0, _WIDTH, height, "whole")
    _box(svg, 0, _WIDTH * score / 100, height, "level")
    for bound in bounds:
        _box(svg, _WIDTH * bound / 100, 1, height, "mark-at")
    return _markup(svg)


def _image(title: str, described: str, height: int) -> Element:
    box = f"0 0 {_WIDTH} {height}"
    svg = Element("svg", {"class": "bar", "viewBox": box, "preserveAspectRatio": "none"})
    svg.set("role", "img")
    for tag, text in (("title", title), ("desc", described)):
        SubElement(svg, tag).text = visible(text)
    return svg


def _box(svg: Element, at: float, wide: float, height: int, look: str) -> None:
    size = {"x": f"{at:.1f}", "y": "0", "width": f"{wide:.1f}", "height": str(height)}
    SubElement(svg, "rect", {"class": look, **size})


def _markup(svg: Element) -> Markup:
    return Markup(tostring(svg, encoding="unicode"))  # noqa: S704  built of escaped elements
