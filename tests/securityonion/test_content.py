"""What is installed: columns that there are, pipelines for all, scripts that Salt can carry."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import yaml
from securityonion.samples import PIPELINES

from wardwatch.outputs.elasticsearch_role import rights
from wardwatch.securityonion import zeek
from wardwatch.securityonion.ingest import pipelines

# What Security Onion's own pipelines and SOC give to every document.
COMMON = {
    "soc_timestamp", "event.dataset", "source.ip", "source.port", "destination.ip",
    "destination.port", "log.id.uid",
}  # fmt: skip


def test_every_column_is_a_field_of_its_log() -> None:
    """A log has columns, and each of them is a field that its pipeline makes."""
    text = (files("wardwatch.securityonion") / "columns.yaml").read_text()
    columns = yaml.safe_load(text)
    assert {f"zeek.{name.removeprefix('::')}" for name in columns} == set(pipelines())
    for name, fields in columns.items():
        made = json.loads((PIPELINES / f"zeek.{name.removeprefix('::')}").read_text())["processors"]
        known = {p.get("rename", p.get("set", {})).get("target_field") for p in made} | COMMON
        assert set(fields) <= known, name


def test_salt_can_carry_the_scripts() -> None:
    """It renders them as templates, and they have to come out as they went in."""
    for name, content in zeek.scripts().items():
        content.decode()
        assert not re.search(rb"\{\{|\{%|\{#|\}\}|%\}|#\}", content), name


def test_a_site_s_key_is_for_its_own_indices() -> None:
    """Another site's, on the same cluster, cannot be read or written."""
    names = [name for one in rights("logs-iomt_assets_north")["indices"] for name in one["names"]]
    own = [name for name in names if "iomt" in name]
    assert own
    assert all(name.endswith("_north") for name in own)
    assert not [name for name in own if "*" in name]
