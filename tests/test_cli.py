"""The commands as a user types them, each in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from asset_rows import CT, asset

from wardwatch.cli import _modules, _parser

ROOT = Path(__file__).parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


def test_devices_as_json_has_every_key(ct: Run) -> None:
    """One object a line; what is unknown is null; each attribute with its evidence."""
    (device,) = map(json.loads, ct("devices", "--json").stdout.splitlines())
    assert device["class"] == "medical"
    assert device["type"] == "CT scanner"
    assert device["software_versions"] == ["1.0"]
    assert device["hostname"] is None
    assert device["first_seen"] == "1970-01-01T00:16:40.000000Z"
    required = (
        "id site class manufacturer model type serial_number software_versions udi os hostname "
        "macs ips names via first_seen last_seen attributes"
    )
    assert set(required.split()) <= set(device)
    for attribute in device["attributes"]:
        assert {"name", "value", "confidence", "evidence"} <= set(attribute)
        for evidence in attribute["evidence"]:
            assert {"log", "uid", "time", "sensor", "field", "value"} <= set(evidence)
            assert evidence["log"] == "iomt_asset"


def test_the_table_has_what_was_sent(ct: Run) -> None:
    """A person sees maker, model, serial number and software, and a sum."""
    table = ct("devices").stdout
    for value in ("medical", "CT scanner", "GE HealthCare", "LightSpeed", "77", "1.0", "10.0.0.1"):
        assert value in table
    assert "1 devices: 1 medical" in table


def test_a_second_ingest_changes_nothing(ct: Run) -> None:
    """The same files again are the same inventory, byte for byte."""
    before = ct("devices", "--json").stdout
    ct("ingest", "iomt_asset.log")
    assert ct("devices", "--json").stdout == before


def test_a_device_is_found_by_the_beginning_of_its_id(ct: Run) -> None:
    """As the table prints it."""
    (device,) = map(json.loads, ct("devices", "--json").stdout.splitlines())
    shown = ct("device", device["id"][:8]).stdout
    assert "dicom.manufacturer = GE" in shown
    more = {"events": [], "findings": [], "hours": None}
    assert json.loads(ct("device", device["id"], "--json").stdout) == device | more
    assert "no device has this id" in ct("device", "ffffffff", code=1).stderr


def test_who_held_an_address(ct: Run) -> None:
    """With confidence and reason; and nobody where nobody is known."""
    (answer,) = map(json.loads, ct("who", "10.0.0.1", "--at", "1000", "--json").stdout.splitlines())
    assert answer["device"]["serial_number"] == "77"
    assert 0 < answer["confidence"] < 1
    assert "LightSpeed" in ct("who", "10.0.0.1", "--at", "1970-01-01T00:16:40Z").stdout
    assert "No device is known" in ct("who", "10.9.9.9").stdout
    assert "give one, as in" in ct("who", "ten", code=2).stderr
    assert "is no time" in ct("who", "10.0.0.1", "--at", "noon", code=2).stderr


def test_sites_are_kept_apart(tmp_path: Path, ct: Run) -> None:
    """The same address at two sites is two devices."""
    (tmp_path / "iomt_asset.log").write_text(CT)
    ct("ingest", "--site", "north", "--sensor", "s7", "iomt_asset.log")
    devices = [json.loads(line) for line in ct("devices", "--json").stdout.splitlines()]
    assert sorted(device["site"] for device in devices) == ["default", "north"]
    (north,) = map(json.loads, ct("devices", "--site", "north", "--json").stdout.splitlines())
    assert north["attributes"][0]["evidence"][0]["sensor"] == "s7"


def test_bad_lines_are_named_and_the_rest_goes_on(tmp_path: Path, run: Run) -> None:
    """Single bad lines are no failure; they are counted and named with file and line."""
    lines = CT.splitlines(keepends=True)
    (tmp_path / "iomt_asset.log").write_text("".join([*lines[:2], "garbage\n", *lines[2:]]))
    done = run("ingest", ".")
    assert "iomt_asset.log:3:" in done.stderr
    assert "1 lines were bad" in done.stdout
    assert "1 devices" in run("devices").stdout


def test_a_file_that_fails_does_not_take_the_others_with_it(tmp_path: Path, run: Run) -> None:
    """Everything good is committed first; then exit 1, with what to do."""
    (tmp_path / "conn.log").write_text("")
    (tmp_path / "iomt_asset.log").write_text(CT)
    assert "conn.log: is empty" in run("ingest", ".", code=1).stderr
    assert "LightSpeed" in run("devices").stdout


def test_hosts_without_our_scripts(tmp_path: Path, run: Run) -> None:
    """A site that only has conn.log and dhcp.log still gets its hosts, with name and MAC."""
    (tmp_path / "conn.log").write_text(
        '{"ts":1000,"uid":"C1","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.8","conn_state":"SF"}\n'
    )
    (tmp_path / "dhcp.log").write_text(
        '{"ts":900,"uids":["C0"],"mac":"02:00:00:00:00:07","host_name":"pump-7",'
        '"assigned_addr":"10.0.0.7","msg_types":["REQUEST","ACK"]}\n'
    )
    run("ingest", ".")
    devices = [json.loads(line) for line in run("devices", "--json").stdout.splitlines()]
    assert {d["ips"][0]: (d["hostname"], d["macs"], d["class"]) for d in devices} == {
        "10.0.0.7": ("pump-7", ["02:00:00:00:00:07"], None),
        "10.0.0.8": (None, [], None),
    }


def test_one_address_at_two_sites_is_two_questions(ct: Run) -> None:
    """Neither answer makes the other less sure."""
    ct("ingest", "--site", "north", "iomt_asset.log")
    lines = ct("who", "10.0.0.1", "--at", "1000", "--json").stdout.splitlines()
    answers = [json.loads(line) for line in lines]
    assert sorted(answer["site"] for answer in answers) == ["default", "north"]
    assert len({answer["confidence"] for answer in answers}) == 1


def test_hostile_values_act_on_nothing(tmp_path: Path, run: Run) -> None:
    """Escape codes, markup, formulas and line breaks stay text in every output."""
    evil = '=HYPERLINK("http://x")\x1b[2J[bold]\n\r\u202e\x00<script>alert(1)</script>'
    (tmp_path / "iomt_asset.log").write_text(
        asset("10.0.0.1", manufacturer=evil, device_serial_number="@SUM(1)", modality="CT")
    )
    run("ingest", ".")
    (device,) = map(json.loads, run("devices", "--json").stdout.splitlines())
    for output in (
        run("devices").stdout,
        run("devices", "--json").stdout,
        run("device", device["id"]).stdout,
        run("who", "10.0.0.1").stdout,
        run("devices", "--csv").stdout,
    ):
        assert not any(c in output for c in "\x1b\x00\u202e")
    (row,) = csv.DictReader(io.StringIO(run("devices", "--csv").stdout))
    assert row["manufacturer"].startswith("'=")
    assert row["serial_number"] == "'@SUM(1)"


def test_without_a_database_the_first_step_is_named(run: Run) -> None:
    """No empty inventory is made up."""
    for command in (["devices"], ["report"], ["who", "10.0.0.1"]):
        assert "run `wardwatch ingest` first" in run(*command, code=1).stderr


def test_an_unreachable_elasticsearch_is_a_clear_failure(ct: Run) -> None:
    """Port 9 of this machine refuses; the message names the address and what to check."""
    for action in ("setup", "publish"):
        url = "http://127.0.0.1:9"
        assert url in ct("elasticsearch", action, "--url", url, code=1).stderr


def test_settings_from_file_and_environment(tmp_path: Path, run: Run) -> None:
    """The environment wins; everything that is wrong is listed at once."""
    (tmp_path / "wardwatch.toml").write_text('[site]\nname = "north"\nsensor = "s1"\n')
    shown = run("config", WARDWATCH_SITE_SENSOR="s2").stdout
    assert 'name = "north"' in shown
    assert 'sensor = "s2"' in shown
    (tmp_path / "wardwatch.toml").write_text('[site]\nnam = "x"\nnetworks = ["ten"]\n[sites]\n')
    wrong = run("config", code=1).stderr
    for part in ("site.nam: unknown", "site.networks: 'ten'", "unknown section [sites]"):
        assert part in wrong


def test_no_secret_is_printed(tmp_path: Path, ct: Run) -> None:
    """Neither by `config` nor by an error about the server that it is for."""
    (tmp_path / "key").write_text("c2VjcmV0LWtleQ==")
    secrets = {
        "WARDWATCH_ELASTICSEARCH_API_KEY_FILE": "key",
        "WARDWATCH_ELASTICSEARCH_URL": "http://127.0.0.1:9",
    }
    outputs = [ct("config", **secrets), ct("elasticsearch", "publish", code=1, **secrets)]
    outputs.append(ct("doctor", code=1, **secrets))
    assert not any("c2VjcmV0" in done.stdout + done.stderr for done in outputs)


def test_doctor_says_what_is_missing(run: Run) -> None:
    """Nothing configured is no failure; the next step is named."""
    done = run("doctor", PATH="/nonexistent")
    assert "wardwatch ingest" in done.stdout
    assert "zeek" in done.stdout


def test_wrong_usage_exits_with_two(run: Run) -> None:
    """As the shell expects."""
    run(code=2)
    run("ingest", code=2)
    run("devices", "--json", "--csv", code=2)
    run("fingerprint", "dicom.manufacturer", code=2)


def commands() -> list[str]:
    """Return every command as it is typed."""
    found = []
    (verbs,) = [a for a in _parser(_modules(""))._actions if hasattr(a, "_name_parser_map")]
    for name, verb in verbs.choices.items():
        below = [a for a in verb._actions if hasattr(a, "_name_parser_map")]
        found += [f"{name} {action}" for sub in below for action in sub.choices] or [name]
    return found


def test_a_command_loads_its_module_alone() -> None:
    """Or each command would wait for the imports of all."""
    assert {len(_modules(command.split()[0])) for command in commands()} == {1}
    assert len(_modules("--help")) > 10


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help_with_an_example_and_is_in_the_readme(
    command: str, run: Run
) -> None:
    """Help and README cannot drift from the commands."""
    assert f"wardwatch {command}" in run(*command.split(), "--help").stdout.partition("example:")[2]
    assert f"wardwatch {command}" in (ROOT / "README.md").read_text()
