"""A single-event EQL query as the query that it stands for, to be asked of a real engine.

Elasticsearch's own EQL is in no public registry; https://github.com/endgameinc/eql parses it.
Whether a negation holds of a document without the field is not told the same everywhere: both
readings are translated, `strict` is the one by which it does not.
"""

from __future__ import annotations

from typing import Any

from eql import ast
from eql.parser import elasticsearch_syntax, parse_query

Query = dict[str, Any]


def translate(text: str, *, strict: bool) -> Query:
    """Return the query for the conditions of `any where …`."""
    with elasticsearch_syntax:
        parsed = parse_query(text)
    return _query(parsed.first.query, strict)


def _query(node: Any, strict: bool) -> Query:
    match node:
        case ast.And():
            found = {"filter": [_query(term, strict) for term in node.terms]}
        case ast.Or():
            found = {"should": [_query(term, strict) for term in node.terms]}
        case ast.Not():
            found = _negated(node.term, strict)
        case ast.IsNull():
            found = {"must_not": {"exists": {"field": _field(node.expr)}}}
        case ast.Comparison(comparator="=="):
            found = _like(node.left, [node.right])
        case ast.Comparison(comparator="!="):
            found = _negated(ast.Comparison(node.left, "==", node.right), strict)
        case ast.FunctionCall(name="wildcard"):
            found = _like(node.arguments[0], node.arguments[1:])
        case _:
            raise NotImplementedError(f"{type(node).__name__}: {node}")
    return {"bool": found}


def _negated(node: Any, strict: bool) -> Query:
    found: Query = {"must_not": _query(node, strict)}
    if strict:
        field = node.left if isinstance(node, ast.Comparison) else node.arguments[0]
        found["filter"] = {"exists": {"field": _field(field)}}
    return found


def _like(field: Any, values: Any) -> Query:
    name, wanted = _field(field), {"case_insensitive": True}
    return {"should": [{"wildcard": {name: {**wanted, "value": v.value}}} for v in values]}


def _field(node: Any) -> str:
    return ".".join((node.base, *node.path))
