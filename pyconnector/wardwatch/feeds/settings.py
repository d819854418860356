"""Where feeds come from and what they must be signed with: the settings' section ``[feeds]``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

FILES = ("kev", "epss", "eol", "openfda", "vex")  # the feeds that are single files


class SettingsError(ValueError):
    """The settings of the feeds are wrong; the message names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Addresses of feeds by kind; none is asked unless it stands here.

    `hosts` are others to which these may lead. `signing_keys` says which OpenPGP keys a provider
    of CSAF documents signs with, as HOST=FILE: then nothing unsigned is taken from that host, nor
    what is carried in of a publisher with that host in its namespace.
    """

    csaf: tuple[str, ...] = ()
    kev: tuple[str, ...] = ()
    epss: tuple[str, ...] = ()
    eol: tuple[str, ...] = ()
    openfda: tuple[str, ...] = ()
    vex: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ca_file: Path | None = None
    signing_keys: tuple[str, ...] = ()

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Yield kind and address of each feed."""
        for kind in ("csaf", *FILES):
            for url in getattr(self, kind):
                yield kind, url

    def all_hosts(self) -> list[str]:
        """Return the hosts that may be asked; raises `SettingsError`."""
        return [*(_host(url) for _, url in self.addresses()), *self.hosts]

    def keys(self) -> dict[str, Path]:
        """Return the key files by host; raises `SettingsError`."""
        found: dict[str, Path] = {}
        for entry in self.signing_keys:
            host, _, file = entry.partition("=")
            path = Path(file).expanduser()
            if not file or not path.is_file():
                raise SettingsError(f"feeds.signing_keys: {entry!r}: write HOST=FILE of its keys")
            found[host.strip().lower()] = path
        return found


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host or not url.startswith(("https://", "http://")):
        raise SettingsError(f"feeds: {url[:200]!r} is no address; write it as https://name/path")
    return host
