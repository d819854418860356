"""Bar charts as plain inline SVG: no script, style, link or comment, coloured by the page."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from xml.etree.ElementTree import Element, tostring

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup
from pygal.style import Style  # type: ignore[import-untyped]

from wardwatch.outputs.report.text import visible

# pygal leaves a finder for its map plugins behind, and Python 3.11 warns of it at every import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

BARS = 7
"""How many values get a bar of their own; the rest share one."""

_WIDTH, _BAR_HEIGHT, _FONT_SIZE = 440, 26, 13
_TAGS = {"svg", "g", "rect", "text"}
_ATTRIBUTES = {"class", "height", "text-anchor", "transform", "viewBox", "width", "x", "y"}


def bars(title: str, values: Sequence[str | None]) -> Markup:
    """Count the values and draw a bar for each, the most frequent first and unknown last."""
    counts = Counter(value for value in values if value)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold()))
    rows, rest = ranked[:BARS], ranked[BARS:]
    rows += rest if len(rest) == 1 else []
    if len(rest) > 1:
        rows.append((f"{len(rest)} others", sum(count for _, count in rest)))
    if unknown := len(values) - counts.total():
        rows.append(("unknown", unknown))
    svg = _plain(_draw(rows))
    if unknown:
        next(node for node in svg.iter("g") if node.get("class") == "bar").set("class", "muted")
    svg.set("role", "img")
    described = ", ".join(f"{visible(name)}: {count:,}" for name, count in rows)
    for position, (tag, text) in enumerate((("title", title), ("desc", described))):
        element = Element(tag)
        element.text = text
        svg.insert(position, element)
    return Markup(tostring(svg, encoding="unicode"))  # noqa: S704  built of escaped elements


def _draw(rows: list[tuple[str, int]]) -> Element:
    """Let the library lay the bars out, from the bottom up."""
    chart = pygal.HorizontalBar(
        width=_WIDTH,
        height=_BAR_HEIGHT * len(rows),
        margin=0,
        spacing=8,
        show_legend=False,
        show_x_labels=False,
        print_values=True,
        print_values_position="top",
        formatter=lambda value: f"{value:,}",
        range=(0, max(count for _, count in rows) * 1.15),  # room for the number behind the bar
        truncate_label=-1,
        style=Style(label_font_size=_FONT_SIZE, value_font_size=_FONT_SIZE),
    )
    chart.x_labels = [_short(name) for name, _ in reversed(rows)]
    chart.add("", [count for _, count in reversed(rows)])
    tree: Element = chart.render_tree()
    return tree


def _short(name: str) -> str:
    name = visible(name)
    return name if len(name) <= 26 else f"{name[:25]}\N{HORIZONTAL ELLIPSIS}"


def _plain(source: Element) -> Element:
    """Copy only the shapes and the text: no style, script, comment, namespace or tooltip."""
    copy = Element(source.tag, {k: v for k, v in source.attrib.items() if k in _ATTRIBUTES})
    copy.text = source.text
    for child in source:
        if child.tag in _TAGS and "tooltip-overlay" not in child.get("class", ""):
            copy.append(_plain(child))
    return copy
