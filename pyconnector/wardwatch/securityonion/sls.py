"""Settings in a pillar file that a site writes by hand: put in and taken out line by line.

Nothing of the site's is reordered, reformatted or lost, which a round trip through a YAML library
would do. What cannot be edited so with certainty (Jinja, anchors, flow style, one key twice) is
left alone, and the site is told what to write.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from wardwatch.securityonion import SecurityOnionError

_TEMPLATE = re.compile(r"\{\{|\{%|\{#|\A#!")
_CLEVER = (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken, yaml.DirectiveToken)

Path = tuple[str, ...]


class HandEditError(SecurityOnionError):
    """A file is not one that can be edited with certainty."""


def load(text: str) -> dict[str, Any]:
    """Return what a file says; raises `HandEditError` where it is not plain enough to edit."""
    if _TEMPLATE.search(text) or "\r" in text:
        raise HandEditError("it is a template or has other line ends")
    try:
        if any(isinstance(token, _CLEVER) for token in yaml.scan(text)):
            raise HandEditError("it has anchors, aliases, tags or directives")
        _unique(yaml.compose(text, yaml.SafeLoader))
        known = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        told = str(error).replace("\n", " ")
        raise HandEditError(f"it is no YAML that is understood: {told}") from None
    if known is None:
        known = {}
    if not isinstance(known, dict):
        raise HandEditError("it holds no keys")
    return known


def get(text: str, path: Path) -> Any:
    """Return a setting; None where there is none. The last key's case is of no matter."""
    found: Any = load(text)
    for number, key in enumerate(path):
        if not isinstance(found, dict):
            return None
        if number == len(path) - 1:
            alike = (k for k in found if str(k).casefold() == key.casefold())
            return found.get(next(alike, key))
        found = found.get(key)
    return found


def put(text: str, path: Path, value: Any) -> tuple[str, str]:
    """Put in a setting that is not there; return the new text and the lines that are new in it.

    A dictionary goes into one that is there already.
    """
    before = load(text)
    line, block = _place(yaml.compose(text, yaml.SafeLoader), text, path, value)
    lines = _lines(text if not text or text.endswith("\n") else text + "\n")
    new = "".join([*lines[:line], block, *lines[line:]])
    if load(new) != _merged(before, _nested(path, value)):
        raise HandEditError("lines cannot be put in with certainty")
    return new, block


def _place(node: Any, text: str, path: Path, value: Any) -> tuple[int, str]:
    """Return before which line a setting goes, and its lines."""
    if node is None:  # nothing but comments
        return len(_lines(text)), _block(path, value, 0)
    if not isinstance(node, yaml.MappingNode):
        raise HandEditError("it holds no keys")
    for number, key in enumerate(path):
        found = _entry(node, key)
        if found is None:
            return _before_first(node, path[number:], value)
        name, content = found
        if isinstance(content, yaml.ScalarNode) and content.value == "":
            indent = name.start_mark.column + 2
            return name.end_mark.line + 1, _block(path[number + 1 :], value, indent)
        if not isinstance(content, yaml.MappingNode):
            raise HandEditError(f"{key} stands there already")
        node = content
    return _before_first(node, (), value)


def _before_first(node: yaml.MappingNode, path: Path, value: Any) -> tuple[int, str]:
    """Return the place before the first key of a mapping."""
    if node.flow_style or not node.value:
        raise HandEditError("it is written in braces")
    if not path:
        taken = [str(key) for key in value if _entry(node, key) is not None]
        if taken:
            raise HandEditError(f"{', '.join(taken)} stands there already")
    mark = node.value[0][0].start_mark
    return mark.line, _block(path, value, mark.column)


def replace(text: str, path: Path, value: str) -> str:
    """Give a setting of one word another value."""
    before = load(text)
    node: Any = yaml.compose(text, yaml.SafeLoader)
    names: Path = ()
    for number, key in enumerate(path):
        found = _entry(node, key, loosely=number == len(path) - 1)
        if found is None:
            raise HandEditError(f"{key} is not where it was")
        names, node = (*names, str(found[0].value)), found[1]
    if not isinstance(node, yaml.ScalarNode) or node.start_mark.line != node.end_mark.line:
        raise HandEditError(f"{path[-1]} is no value of one line")
    start, end = node.start_mark.index, node.end_mark.index
    # A JSON string is a YAML string.
    new = text[:start] + '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' + text[end:]
    if load(new) != _merged(before, _nested(names, value)):
        raise HandEditError(f"{path[-1]} cannot be changed with certainty")
    return new


def take_out(text: str, lines: str) -> str:
    """Take out lines that `put` has put in and that are still there, once, as they were."""
    if text.count(lines) != 1:
        raise HandEditError("the lines that were put in are not there any more as they were")
    new = text.replace(lines, "")
    load(new)
    return new


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = {**one, **other}
        return {
            key: _merged(one[key], other[key]) if key in one and key in other else keys[key]
            for key in keys
        }
    return other


def _nested(path: Path, value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _block(path: Path, value: Any, indent: int) -> str:
    text = yaml.safe_dump(_nested(path, value), sort_keys=False, allow_unicode=True, width=10_000)
    return "".join(f"{' ' * indent}{line}" for line in _lines(text))


def _entry(
    node: Any, key: str, *, loosely: bool = False
) -> tuple[yaml.ScalarNode, yaml.Node] | None:
    for name, content in node.value if isinstance(node, yaml.MappingNode) else ():
        if name.value == key or (loosely and str(name.value).casefold() == key.casefold()):
            return name, content
    return None


def _unique(node: Any) -> None:
    if isinstance(node, yaml.MappingNode):
        names = [str(name.value) for name, _ in node.value]
        if len(set(names)) < len(names):
            raise ValueError("a key stands there twice")
    if isinstance(node, yaml.CollectionNode):
        for child in node.value:
            for one in child if isinstance(child, tuple) else (child,):
                _unique(one)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
