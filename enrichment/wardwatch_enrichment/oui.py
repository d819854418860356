"""Whom the IEEE assigned a block of hardware addresses to.

The registry is packed into the package when that is built (``hatch_build.py``) and is not kept with
the sources; a package that was built without it knows no assignments.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files

TABLE = "oui.txt.gz"  # a line for each organisation: its name, a tab, its prefixes in hexadecimal
_DIGITS = (9, 7, 6)  # of a small, a medium and a large block; a small one lies inside a large one


def assignments() -> int:
    """Return how many blocks the packed registry holds; 0 where there is none."""
    return len(_organisations())


def assigned(mac: str) -> tuple[str, str] | None:
    """Return the block that an address lies in, as six to nine digits, and who had it assigned."""
    digits = "".join(character for character in mac.lower() if character.isalnum())
    for length in _DIGITS:
        if organisation := _organisations().get(digits[:length]):
            return digits[:length], organisation
    return None


@cache
def _organisations() -> dict[str, str]:
    path = files(__package__).joinpath(TABLE)
    if not path.is_file():
        return {}
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    found = {}
    for organisation, _, prefixes in (line.partition("\t") for line in lines):
        for prefix in prefixes.split():
            found[prefix] = organisation
    return found
