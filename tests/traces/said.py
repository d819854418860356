"""How identities.py describes who says what, and reads the words of stations it cannot import."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
Identity = dict[str, Any]
Device = dict[str, Any]


def constants(name: str) -> dict[str, Any]:
    """Return the constants of a script beside this one that need no import."""
    found: dict[str, Any] = {}
    for statement in ast.parse((HERE / name).read_text(encoding="utf-8")).body:
        if not isinstance(statement, ast.Assign):
            continue
        [target] = statement.targets
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        code = compile(ast.Expression(statement.value), name, "eval")
        try:
            value = eval(code, {"__builtins__": {}}, found)  # noqa: S307  a script of ours
        except NameError:
            continue
        values = value if isinstance(target, ast.Tuple) else [value]
        found |= {n.id: v for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name)}
    return found


def device(ip: str, identity: Identity, known_by: str | None = None) -> Device:
    """Describe what is said from an address; `known_by` is the field that tells its devices apart.

    Values that are not there are left out; a field may have several.
    """
    said = {
        field: [str(value) for value in (values if isinstance(values, list | set) else [values])]
        for field, values in identity.items()
        if values not in (None, "", [])
    }
    return {"ip": ip, "known_by": known_by, "identity": dict(sorted(said.items()))}
