"""What stops an install before anything is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from securityonion.manager import SALT, Manager, run

ZEEK_PILLAR = f"{SALT}/local/pillar/zeek/adv_zeek.sls"
SOC_PILLAR = f"{SALT}/local/pillar/soc/adv_soc.sls"
SCRIPTS = f"{SALT}/local/salt/zeek/policy/custom/iomt"
INGEST = f"{SALT}/local/salt/elasticsearch/files/ingest"


@pytest.fixture
def manager(tmp_path: Path) -> Manager:
    """A standalone 3.1.0."""
    return Manager(tmp_path)


def refused(manager: Manager, said: str) -> None:
    """Check that an install says something and does nothing, on no sensor either."""
    before, world = manager.tree(), manager.world
    done = run(manager, "install")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Nothing was changed." in done.stderr
    assert (manager.tree(), manager.world) == (before, world)
    assert not [call for call in manager.calls() if "state.apply" in call]


def broken_pillar(manager: Manager) -> None:
    """A template."""
    manager.put(ZEEK_PILLAR, "{% set x = 1 %}\nzeek:\n")


def foreign_script(manager: Manager) -> None:
    """A file in our directory."""
    manager.put(f"{SCRIPTS}/theirs.zeek", "event zeek_init() { }\n")


def foreign_pipeline(manager: Manager) -> None:
    """A pipeline of our name."""
    es = manager.world["es"]
    manager.change(es={**es, "pipeline": {"zeek.dicom": {"description": "theirs"}}})


def foreign_template(manager: Manager) -> None:
    """A template of our name."""
    es = manager.world["es"]
    manager.change(es={**es, "_component_template": {"iomt-ecs": {"template": {}}}})


def red(manager: Manager) -> None:
    """An Elasticsearch that ails."""
    manager.change(es={**manager.world["es"], "health": "red"})


def own_scripts_of_a_node(manager: Manager) -> None:
    """A sensor whose own pillar wins over ours."""
    text = "zeek:\n  config:\n    zeekctl:\n      SitePolicyScripts: local.zeek own\n"
    manager.put(f"{SALT}/local/pillar/minions/north_sensor.sls", text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.put("etc/soversion", "4.0.0\n"), "4.0.0 is not known"),
        (lambda m: m.put("etc/soversion", "2.4.60\n"), "2.4.60 is not known"),
        (lambda m: m.put("etc/soversion", "three\n"), "three is not known"),
        (lambda m: (m.root / "etc/soversion").unlink(), "no node of Security Onion"),
        (lambda m: m.put("etc/salt/grains", "role: so-sensor\n"), "role of this node is sensor"),
        (lambda m: m.change(salt={}), "global:mdengine is not set"),
        (lambda m: m.change(broken=["docker"]), "Zeek's version cannot be had"),
        (lambda m: m.change(parses=False), "Zeek cannot parse the scripts"),
        (lambda m: m.change(rules_load=False), "Suricata does not load the rules"),
        (lambda m: m.change(broken=["curl"]), "Kibana does not answer"),
        (lambda m: m.change(broken=["so-elasticsearch-query"]), "cannot be reached"),
        (lambda m: m.change(kibana={"dashboard iomt-overview": ""}), "iomt-overview already"),
        (lambda m: m.put(f"{INGEST}/zeek.dicom", "{}"), "was not written by this"),
        (lambda m: m.put(f"{SALT}/default/salt/elasticsearch/files/ingest/zeek.hl7", "{}"),
         "this Security Onion has a pipeline of this name"),
        (lambda m: m.put("etc/wardwatch/default.api-key", "x"), "was not written by this"),
        (lambda m: m.put("etc/systemd/system/wardwatch@.service", "x"), "was not written by this"),
        (lambda m: m.put(ZEEK_PILLAR, "zeek: {config: {}}\n"), "it is written in braces"),
        (lambda m: m.put(ZEEK_PILLAR, "zeek:\n\t- x\n"), "by hand"),
        (lambda m: m.put(SOC_PILLAR, "soc: &a\n  config: 1\n"), "add by hand:\nwardwatch: soc:"),
        (broken_pillar, "put custom/iomt at the end"),
        (foreign_script, "theirs.zeek: is there already"),
        (foreign_pipeline, "_ingest/pipeline/zeek.dicom: somebody else has one"),
        (foreign_template, "_component_template/iomt-ecs: somebody else has one"),
        (red, "Elasticsearch is red"),
        (own_scripts_of_a_node, "north_sensor.sls: has a SitePolicyScripts of its own"),
    ],
)  # fmt: skip
def test_any_doubt_stops_it(
    manager: Manager, change: Callable[[Manager], object], said: str
) -> None:
    """Everything is looked at before anything is touched."""
    change(manager)
    refused(manager, said)


def test_a_full_disk(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """There has to be room."""
    monkeypatch.setattr("wardwatch.securityonion.grid.SPACE", 2**60)
    refused(manager, "make room first")
