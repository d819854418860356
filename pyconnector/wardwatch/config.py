"""One TOML file; defaults here; ``WARDWATCH_SECTION_KEY`` in the environment wins.

Secrets are never in it: it names the files that hold them.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wardwatch.feeds.settings import FeedSettings
from wardwatch.outputs.elasticsearch_settings import ElasticsearchSettings
from wardwatch.outputs.kibana_settings import KibanaSettings
from wardwatch.scope import DEFAULT_NETWORKS, Scope
from wardwatch.store.exposure import DAYS_KEPT
from wardwatch.store.retention import Retention
from wardwatch.store.touched import JUDGED

DEFAULT_FILE = Path("wardwatch.toml")


class ConfigError(Exception):
    """The configuration is wrong; the message lists everything that is, with its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """`name` of the site, `sensor` that wrote the logs, `networks` that are the site's own.

    `timezone` is by whose clock the hours of a day are shown, as in Europe/Vienna.
    """

    name: str = "default"
    sensor: str = "local"
    networks: tuple[str, ...] = DEFAULT_NETWORKS
    timezone: str = "UTC"

    @property
    def zone(self) -> tzinfo:
        """The time zone; raises `ValueError` where it is not known."""
        if self.timezone == "UTC":
            return UTC
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, OSError):
            raise ValueError(f"{self.timezone!r} is no time zone that is known here") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """`file`: the SQLite database; `exposure_days`: how long it is known who called a service."""

    file: Path = Path("wardwatch.db")
    exposure_days: int = DAYS_KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """`watch`: a file of watch rules that each `ingest` renews where it is stale or missing.

    It holds for `valid_days`.
    """

    watch: Path | None = None
    valid_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class VexSettings:
    """In whose name `vex export` speaks: `author` is the hospital, `namespace` a web address of it.

    `tlp` says who may read that: RED, AMBER, GREEN or WHITE.
    """

    author: str | None = None
    namespace: str | None = None
    contact: str | None = None
    tlp: str = "AMBER"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSettings:
    """`policy`: a YAML file of what the site decided of the risk model."""

    policy: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What `run` follows: `logs` are files and directories of one sensor, `live` is where it tells.

    That is Zeek's WebSocket, as in wss://sensor:4680: `live_ca` signed its certificate, for the
    name `live_name`; `live_certificate` and `live_key` are ours. With `tell_sensor` it is told what
    to watch.

    It looks at them every `interval` seconds, works out risks every `assess` seconds and, with
    `publish`, writes to Elasticsearch every `publish_every`. `health` is where Prometheus is
    answered.

    `elasticsearch` are index patterns of Security Onion's logs, as in logs-zeek-so, asked for every
    `elasticsearch_every` seconds; the first time for what came in the last `elasticsearch_days`.
    """

    logs: tuple[str, ...] = ()
    elasticsearch: tuple[str, ...] = ()
    elasticsearch_every: int = 60
    elasticsearch_days: int = 30
    interval: int = 2
    assess: int = 300
    publish: bool = False
    publish_every: int = 60
    health: str | None = None
    live: str | None = None
    live_ca: Path | None = None
    live_name: str | None = None
    live_certificate: Path | None = None
    live_key: Path | None = None
    tell_sensor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings, by section."""

    site: SiteSettings = field(default_factory=SiteSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    retention: Retention = field(default_factory=Retention)
    elasticsearch: ElasticsearchSettings = field(default_factory=ElasticsearchSettings)
    kibana: KibanaSettings = field(default_factory=KibanaSettings)
    feeds: FeedSettings = field(default_factory=FeedSettings)
    vex: VexSettings = field(default_factory=VexSettings)
    rules: RuleSettings = field(default_factory=RuleSettings)
    risk: RiskSettings = field(default_factory=RiskSettings)
    run: RunSettings = field(default_factory=RunSettings)


def load(path: Path | None, environment: Mapping[str, str]) -> Config:
    """Read a file (default: ``wardwatch.toml`` where there is one) and the environment.

    Raises `ConfigError` with all that is wrong.
    """
    named = path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    given = _read(named) if named else {}
    wrong: list[str] = []
    sections: dict[str, Any] = {}
    for section in dataclasses.fields(Config):
        kind: type = get_type_hints(Config)[section.name]
        values = given.pop(section.name, {})
        if not isinstance(values, dict):
            wrong.append(f"{named}: {section.name} is no section; write [{section.name}]")
            continue
        values = {**values, **_from_environment(section.name, kind, environment)}
        sections[section.name] = _section(section.name, kind, values, wrong)
    wrong += [f"{named}: unknown section [{name}]" for name in given]
    if wrong:
        raise ConfigError("\n".join(wrong))
    return Config(**sections)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; check --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is no TOML: {error}") from error


def _from_environment(
    section: str, kind: type, environment: Mapping[str, str]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, hint in get_type_hints(kind).items():
        text = environment.get(f"WARDWATCH_{section}_{key}".upper())
        if text is not None:
            found[key] = _from_text(text, hint)
    return found


def _from_text(text: str, hint: Any) -> object:
    if hint is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if hint == tuple[str, ...]:
        return [part.strip() for part in text.split(",")]
    if hint is int and text.isdecimal():
        return int(text)
    return text


def _section(name: str, kind: type, values: dict[str, object], wrong: list[str]) -> Any:
    hints = get_type_hints(kind)
    checked: dict[str, object] = {}
    for key, value in values.items():
        if key not in hints:
            wrong.append(f"{name}.{key}: unknown; known are {', '.join(hints)}")
        elif (fitting := _fit(value, hints[key])) is None:
            wrong.append(f"{name}.{key}: {value!r} does not fit; see `wardwatch config`")
        elif key == "exposure_days" and int(str(fitting)) < JUDGED:
            wrong.append(f"{name}.{key}: at least {JUDGED}, as what is judged rests on them")
        else:
            checked[key] = fitting
    if name == "site":
        _check_site(kind, checked, wrong)
    return kind(**checked)


def _check_site(kind: type, checked: dict[str, object], wrong: list[str]) -> None:
    try:
        if "networks" in checked:
            Scope(checked["networks"])  # type: ignore[arg-type]
    except ValueError as error:
        wrong.append(f"site.networks: {error}")
    try:
        _ = kind(**checked).zone
    except ValueError as error:
        wrong.append(f"site.timezone: {error}; write it as Europe/Vienna or UTC")


def _fit(value: object, hint: Any) -> object | None:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if Path in kinds and isinstance(value, str):
        return Path(value).expanduser()
    if hint == tuple[str, ...] and isinstance(value, list):
        return tuple(value) if all(isinstance(part, str) for part in value) else None
    if hint is int and isinstance(value, int) and value < 1:
        return None
    return value if type(value) in kinds else None


def show(config: Config) -> str:
    """Return the configuration in force as TOML; it holds no secret."""
    lines: list[str] = []
    for section in dataclasses.fields(config):
        lines.append(f"[{section.name}]")
        settings = getattr(config, section.name)
        for setting in dataclasses.fields(settings):
            value = getattr(settings, setting.name)
            lines.append(
                f"# {setting.name} is not set"
                if value is None
                else f"{setting.name} = {_toml(value)}"
            )
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    if isinstance(value, int):
        return str(value)
    return json.dumps(str(value))  # a JSON string is a TOML string
