"""What the running connector may do in Elasticsearch, and no more: a role, also of an API key.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-put-role
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from wardwatch.outputs.elasticsearch_settings import DEFAULT_INDEX

ROLE_FILE = "role.json"


def rights(index: str = DEFAULT_INDEX, sources: Iterable[str] = ()) -> dict[str, Any]:
    """Return the role for one index of devices, and for these patterns that are read.

    Without `sources` those are Security Onion's.
    """
    path = files(__package__) / ROLE_FILE
    role: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    read, *own = role["indices"]
    suffix = index.removeprefix(DEFAULT_INDEX)
    for one in own:
        one["names"] = [name + suffix for name in one["names"]]
    if sources := [name.rpartition(":")[2] for name in sources]:
        read["names"] = list(dict.fromkeys(sources))
    return role
