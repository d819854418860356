"""Checked reading of public feeds: JSON in the form that they publish, or an error with its place.

All of it is untrusted. A document that is not what it should be is refused whole.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

_T = TypeVar("_T")
CVE = r"^CVE-\d{4}-\d{4,19}$"
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<place>[^`]*)`)?$", re.DOTALL)


class FeedError(ValueError):
    """A document is not what its feed publishes; the message names the place in it."""


def decode(text: bytes | str, form: type[_T]) -> _T:
    """Return a JSON document in the form that a feed has; what the form does not name is skipped.

    Raises `FeedError`.
    """
    try:
        return msgspec.json.decode(text, type=form)
    except msgspec.ValidationError as error:
        match = _PLACE.match(str(error))
        place = (match["place"] if match else None) or "$"
        raise FeedError(f"{place}: {match['what'] if match else error}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise FeedError(f"is no complete JSON document: {error}") from None
