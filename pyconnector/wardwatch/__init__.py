"""Wardwatch: medical-device inventory from the logs of a network monitor."""

__version__ = "0.1.0"
