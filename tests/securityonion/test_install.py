"""The installer as an administrator types it, on a directory laid out like a manager."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from securityonion.manager import SALT, Manager, run

ZEEK_PILLAR = f"{SALT}/local/pillar/zeek/adv_zeek.sls"
SOC_PILLAR = f"{SALT}/local/pillar/soc/adv_soc.sls"
SCRIPTS = f"{SALT}/local/salt/zeek/policy/custom/iomt"
INGEST = f"{SALT}/local/salt/elasticsearch/files/ingest"
RULES = "nsm/rules/custom-local-repos/local-suricata/iomt.rules"


@pytest.fixture
def manager(tmp_path: Path) -> Manager:
    """A standalone 3.1.0."""
    return Manager(tmp_path)


def test_all_of_it_and_back(manager: Manager) -> None:
    """Plan changes nothing; install does all, once; verify agrees; uninstall leaves no trace."""
    empty, world = manager.tree(), manager.world
    plan = run(manager, "plan", "--json", "--site", "north")
    assert plan.returncode == 0, plan.stderr
    assert (manager.tree(), manager.world) == (empty, world)

    done = run(manager, "install", "--site", "north", apart=True)
    assert done.returncode == 0, done.stderr
    installed, full = manager.tree(), manager.world
    told = [json.loads(line) for line in plan.stdout.splitlines()]
    files = {one["what"].split(" (")[0] for one in told if one["kind"] == "file"}
    edits = {one["what"].split(": ")[0] for one in told if one["kind"] == "edit"}
    added = {"/" + name for name in installed.keys() - empty.keys() if installed[name][1]}
    by_others = {name for name in added if name.startswith(("/opt/so/conf/", "/opt/so/state/"))}
    assert added - by_others == files | {"/opt/iomt/install.json"}
    assert {"/" + name for name in empty if empty[name] != installed[name]} - by_others == {
        *edits, "/opt/so/conf/zeek/zeekctl.cfg",
    }  # fmt: skip
    assert installed["etc/wardwatch/north.api-key"][0] & 0o777 == 0o600
    assert "custom/iomt" in manager.get("opt/so/conf/zeek/zeekctl.cfg")
    assert len(full["kibana"]) > 20
    assert full["units"] == [
        "wardwatch-backup@north.timer", "wardwatch-feeds@north.timer", "wardwatch@north.service",
    ]  # fmt: skip

    checked = run(manager, "verify", "--json")
    assert checked.returncode == 0, checked.stdout
    assert {json.loads(line)["standing"] for line in checked.stdout.splitlines()} == {"ok"}

    again = run(manager, "install")
    assert again.returncode == 0
    assert again.stdout.count("is there already") == 12
    assert (manager.tree(), manager.world) == (installed, full)

    gone = run(manager, "uninstall")
    assert (gone.returncode, gone.stderr) == (0, "")
    assert manager.tree() == empty
    keys = manager.world["es"].pop("key")
    assert [key["invalidated"] for key in keys] == [True]
    known = manager.world
    known["es"]["key"] = []
    assert known == world


def test_the_order_on_the_sensors(manager: Manager) -> None:
    """No log without its pipeline, no script that was not parsed; Zeek is asked in the end."""
    assert run(manager, "install").returncode == 0
    calls = [" ".join(call) for call in manager.calls()]
    pipeline = next(n for n, c in enumerate(calls) if "PUT" in c and "zeek.iomt_asset" in c)
    parsed = next(n for n, c in enumerate(calls) if c.endswith("-a local custom/iomt"))
    applied = next(n for n, c in enumerate(calls) if "state.apply zeek" in c)
    asked = next(n for n, c in enumerate(calls) if "zeekctl status" in c)
    assert parsed < pipeline < applied < asked


def test_the_real_zeek_and_suricata_take_what_is_installed(manager: Manager) -> None:
    """The scripts parse as custom/iomt, the rules load."""
    if not shutil.which("zeek") or not shutil.which("suricata"):
        pytest.skip("NOT RUN: needs Zeek and Suricata")
    manager.change(real=True)
    done = run(manager, "plan", "--without", "dashboards")
    assert done.returncode == 0, done.stderr


def test_version_2_4_110(tmp_path: Path) -> None:
    """Its Zeek is too old for the scripts; the rules are named by a setting."""
    manager = Manager(tmp_path, "2.4.110", "6.0.8")
    empty = manager.tree()
    plan = run(manager, "plan")
    assert "they need Zeek 8, sensors have 6" in plan.stdout
    assert run(manager, "install").returncode == 0
    assert not (manager.root / SCRIPTS).exists()
    assert not [call for call in manager.calls() if call[0] == "salt"]
    soc = yaml.safe_load(manager.get(SOC_PILLAR))["soc"]["config"]
    (ruleset,) = soc["server"]["modules"]["suricataengine"]["customRulesets"]
    rules = manager.get(ruleset["file"].lstrip("/")).splitlines()
    assert len(rules) > 20
    assert all(line.startswith("alert ") for line in rules)
    assert soc["client"] == {"a": 1}
    assert run(manager, "uninstall").returncode == 0
    assert manager.tree() == empty


def test_after_an_upgrade_verify_asks_for_the_scripts(tmp_path: Path) -> None:
    """What was left out for an old Zeek is missing with a new one."""
    manager = Manager(tmp_path, "2.4.110", "6.0.8")
    assert run(manager, "install").returncode == 0
    manager.change(zeek="8.0.8")
    checked = run(manager, "verify")
    assert checked.returncode == 1
    assert f"missing  /{SCRIPTS}/__load__.zeek" in checked.stdout
    assert run(manager, "install").returncode == 0
    assert run(manager, "verify").returncode == 0


def test_suricata_writes_the_metadata(manager: Manager) -> None:
    """No Zeek, no sensor is touched; identity rules are in, and EVE is what the connector reads."""
    manager.change(salt={**manager.world["salt"], "global:mdengine": "SURICATA"})
    assert run(manager, "install").returncode == 0
    assert not (manager.root / SCRIPTS).exists()
    assert not list((manager.root / INGEST).glob("*"))
    assert not [call for call in manager.calls() if call[0] == "salt"]
    assert 'logs = ["/nsm/suricata"]' in manager.get("etc/wardwatch/default.toml")
    assert "flow_" in manager.get(RULES)


def test_a_manager_without_sensors_of_its_own(manager: Manager) -> None:
    """The logs are on the sensors, so the connector asks Elasticsearch for them."""
    manager.put("etc/salt/grains", "role: so-managersearch\n")
    for name in ("zeek", "suricata"):
        shutil.rmtree(manager.root / "opt/so/conf" / name)
    (manager.root / "opt/so/conf/zeek").mkdir()
    assert run(manager, "install").returncode == 0
    assert "elasticsearch = [" in manager.get("etc/wardwatch/default.toml")
    calls = [" ".join(call) for call in manager.calls()]
    assert any(call.endswith("-a custom/iomt") for call in calls)
    assert any("so-suricata:3.1.0 -T" in call for call in calls)


def test_a_sensor_that_does_not_start_is_given_back(manager: Manager) -> None:
    """The setting is taken back and applied; what is there is named; the next try succeeds."""
    manager.change(zeek_runs=False)
    failed = run(manager, "install")
    assert failed.returncode == 1
    assert "does not run" in failed.stderr
    assert "taken back" in failed.stderr
    assert "there already: templates and indices" in failed.stderr
    assert manager.get(ZEEK_PILLAR) == ""
    assert manager.get("opt/so/conf/zeek/zeekctl.cfg") == "SitePolicyScripts = local.zeek\n"
    assert not (manager.root / RULES).exists()
    manager.change(zeek_runs=True)
    assert run(manager, "install").returncode == 0
    assert run(manager, "verify").returncode == 0


def test_no_sensor_answers(manager: Manager) -> None:
    """Then nothing is known of them, and nothing is left that they would load later."""
    manager.change(sensors=False)
    failed = run(manager, "install")
    assert failed.returncode == 1
    assert "no sensor answered" in failed.stderr
    assert "custom/iomt" not in manager.get(ZEEK_PILLAR)


def test_a_directory_that_cannot_be_made(manager: Manager) -> None:
    """A step that fails is told, and undone."""
    shutil.rmtree(manager.root / "etc/systemd/system")
    manager.put("etc/systemd/system", "no directory")
    before = manager.tree()["etc/systemd/system"]
    failed = run(manager, "install")
    assert failed.returncode == 1
    assert manager.tree()["etc/systemd/system"] == before
    assert run(manager, "uninstall").returncode == 0


def test_what_a_site_loads_itself_stays(manager: Manager) -> None:
    """Ours goes behind it; taken out, the file is as it was, also where it was changed since."""
    text = (
        "# by hand\nzeek:\n  config:\n    zeekctl:\n      sitepolicyscripts: local.zeek own  # x\n"
    )
    manager.put(ZEEK_PILLAR, text)
    assert run(manager, "install").returncode == 0
    assert '"local.zeek own custom/iomt"  # x' in manager.get(ZEEK_PILLAR)
    manager.put(ZEEK_PILLAR, manager.get(ZEEK_PILLAR) + "other: 1\n")
    manager.put(SOC_PILLAR, manager.get(SOC_PILLAR) + "# later\n")
    assert run(manager, "uninstall").returncode == 0
    assert yaml.safe_load(manager.get(ZEEK_PILLAR)) == {**yaml.safe_load(text), "other": 1}
    assert manager.get(SOC_PILLAR) == ("# by hand\nsoc:\n  config:\n    client: {a: 1}\n# later\n")


def test_what_somebody_changed_is_told_and_kept(manager: Manager) -> None:
    """Verify says what differs, and uninstall does not delete the work of others."""
    assert run(manager, "install").returncode == 0
    manager.put(f"{SCRIPTS}/__load__.zeek", "# mine\n")
    world = manager.world
    del world["es"]["pipeline"]["zeek.dicom"]
    world["es"]["key"][0]["invalidated"] = True
    manager.change(**world)
    (manager.root / "etc/wardwatch/default.api-key").chmod(0o644)
    checked = run(manager, "verify", "--json")
    assert checked.returncode == 1
    wrong = {
        one["what"]: one["standing"]
        for one in map(json.loads, checked.stdout.splitlines())
        if one["standing"] != "ok"
    }
    assert wrong == {
        "_ingest/pipeline/zeek.dicom": "missing",
        f"/{SCRIPTS}/__load__.zeek": "changed",
        "/etc/wardwatch/default.api-key: others may read it": "changed",
    }
    left = run(manager, "uninstall")
    assert left.returncode == 1
    assert "was changed since and is kept" in left.stderr
    assert manager.get(f"{SCRIPTS}/__load__.zeek") == "# mine\n"


def test_the_settings_belong_to_the_site(manager: Manager) -> None:
    """They are not written over, and not deleted once they were changed."""
    assert run(manager, "install").returncode == 0
    manager.put("etc/wardwatch/default.toml", "[site]\n")
    assert run(manager, "install").returncode == 0
    assert run(manager, "verify").returncode == 0
    assert manager.get("etc/wardwatch/default.toml") == "[site]\n"
    assert "default.toml: was changed since" in run(manager, "uninstall").stderr


def test_one_manager_is_one_site(manager: Manager) -> None:
    """A second name is refused; without one, the one installed is meant."""
    assert run(manager, "install", "--site", "north", "--without", "dashboards").returncode == 0
    other = run(manager, "install", "--site", "south")
    assert other.returncode == 1
    assert "site north is installed here" in other.stderr
    assert run(manager, "verify").returncode == 0
    assert run(manager, "plan", "--site", "North").returncode == 2


def test_a_newer_release_reaches_the_sensors(manager: Manager) -> None:
    """Other scripts are written, one that is no more goes, and Zeek loads them once more."""
    assert run(manager, "install").returncode == 0
    journal = json.loads(manager.get("opt/iomt/install.json"))
    files = journal["steps"]["scripts"]["files"]
    for name, text in ((f"{SCRIPTS}/__load__.zeek", "# older\n"), (f"{SCRIPTS}/old.zeek", "#\n")):
        manager.put(name, text)
        files["/" + name] = hashlib.sha256(text.encode()).hexdigest()
    manager.put("opt/iomt/install.json", json.dumps(journal))
    asked = len(manager.calls())
    assert run(manager, "install").returncode == 0
    assert [call for call in manager.calls()[asked:] if "state.apply" in call and "zeek" in call]
    assert not (manager.root / SCRIPTS / "old.zeek").exists()
    assert run(manager, "verify").returncode == 0
    assert run(manager, "uninstall").returncode == 0
    assert not (manager.root / SCRIPTS).exists()


def test_what_was_put_in_by_hand_counts(manager: Manager) -> None:
    """Files that are templates are left alone; what Salt makes of them is looked at."""
    for name in (ZEEK_PILLAR, SOC_PILLAR):
        manager.put(name, "{% set a = 1 %}\n")
    columns = (files("wardwatch.securityonion") / "columns.yaml").read_text()
    setting = "zeek:config:zeekctl:SitePolicyScripts"
    known = {"soc:config:eventFields": yaml.safe_load(columns), setting: "local.zeek custom/iomt"}
    manager.change(pillar=known)
    done = run(manager, "install")
    assert done.returncode == 0, done.stderr
    assert run(manager, "verify").returncode == 0
    assert manager.get(ZEEK_PILLAR) == "{% set a = 1 %}\n"
    left = run(manager, "uninstall")
    assert left.returncode == 1
    assert "by hand" in left.stderr
    manager.change(pillar={})
    manager.put(ZEEK_PILLAR, "")
    assert run(manager, "uninstall").returncode == 0
