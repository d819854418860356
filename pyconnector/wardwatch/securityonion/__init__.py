"""What an install into Security Onion needs, and the installer that puts it there."""

from __future__ import annotations


class SecurityOnionError(Exception):
    """Something stands in the way; the message says what, and what to do about it."""
