"""What a person corrects by hand, and what is said of an inventory that is not up to date."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from asset_rows import CT

from wardwatch import pipeline
from wardwatch.cli import main
from wardwatch.store import Store

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_changes_of_a_device_of_another_site(tmp_path: Path, ct: Run) -> None:
    """Are asked for by mistake: it is said where the device is."""
    (tmp_path / "iomt_asset.log").write_text(CT)
    ct("ingest", "--site", "north", "iomt_asset.log")
    (north,) = map(json.loads, ct("devices", "--site", "north", "--json").stdout.splitlines())
    said = ct("changes", north["id"], "--site", "default", code=1).stderr
    assert "is a device of site north, not of default" in said
    assert "new" in ct("changes", north["id"], "--site", "north").stdout


def leases(path: Path) -> None:
    """Write that two hosts have a MAC each."""
    row = (
        '{{"ts":900,"uids":["C0"],"mac":"00:09:fb:00:00:0{0}","host_name":"pump-{0}",'
        '"assigned_addr":"10.0.1.{0}","msg_types":["REQUEST","ACK"]}}\n'
    )
    (path / "dhcp.log").write_text(row.format(1) + row.format(2))


def ids(run: Run) -> list[str]:
    """Return the ids of all devices."""
    return sorted(json.loads(d)["id"] for d in run("devices", "--json").stdout.splitlines())


def test_only_a_part_can_be_split_off(tmp_path: Path, run: Run) -> None:
    """The address of a MAC is none; nothing is said to be done that is not."""
    leases(tmp_path)
    run("ingest", ".")
    one, other = ids(run)
    refused = run("split", one, "ip:10.0.1.1", code=1).stderr
    assert "ip:10.0.1.1: is no part of" in refused
    assert "one part only, mac:00:09:fb" in refused
    assert "was not merged by hand" in run("split", one, code=1).stderr
    (mac,) = json.loads(run("device", one, "--json").stdout)["macs"]
    alone = run("split", one, f"mac:{mac}", code=1).stderr
    assert f"one part only, mac:{mac}" in alone
    assert ids(run) == [one, other]


def test_a_merge_and_a_split_tell_whether_they_took_effect(tmp_path: Path, run: Run) -> None:
    """Both ids lead to one device, then to two."""
    leases(tmp_path)
    run("ingest", ".")
    one, other = ids(run)
    assert "are one device now" in run("merge", one, other, "--why", "dock").stdout
    (merged,) = ids(run)
    assert "was split" in run("split", merged).stdout
    assert ids(run) == [one, other]


@pytest.mark.parametrize("verb", ["merge", "split"])
def test_a_correction_without_effect_is_not_kept(
    verb: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It says that nothing changed, names the parts, and takes back what it noted."""
    leases(tmp_path)
    run("ingest", ".")
    one, other = ids(run)
    typed = [verb, one, other]
    if verb == "split":
        run("merge", one, other)
        run("split", ids(run)[0])
        key = "mac:" + json.loads(run("device", one, "--json").stdout)["macs"][0]
        typed = [verb, one, key]

    def noting(store: Store, site: str, *what: object) -> None:
        store.correct(site, "mac:none", "mac:other", verb == "merge", what[-1])

    monkeypatch.setattr(pipeline, verb, noting)
    db = tmp_path / "wardwatch.db"
    assert main([*typed, "--db", str(db)]) == 1
    said = capsys.readouterr().err
    assert "nothing changed" in said
    assert "mac:00:09:fb:00:00:0" in said
    assert ids(run) == [one, other]
    with Store(db, read_only=True) as store:
        assert "mac:none" not in str(store.corrections("default"))


def test_a_user_without_a_name_can_correct(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container has none for its number."""

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    leases(tmp_path)
    run("ingest", ".")
    assert main(["merge", *ids(run), "--db", str(tmp_path / "wardwatch.db")]) == 0


def test_an_inventory_behind_what_was_read_is_named(tmp_path: Path, ct: Run) -> None:
    """As after a kill between a commit and the work on its devices."""
    (one,) = ids(ct)
    asked = (
        ["devices"], ["device", one], ["who", "10.0.0.1"], ["report"], ["changes"], ["coverage"],
    )  # fmt: skip
    for command in asked:
        assert not ct(*command).stderr
    with Store(tmp_path / "wardwatch.db") as store, store.transaction():
        store.mark("default", ["10.0.0.1"], changed=True)
    for command in asked:
        assert "site default: this inventory does not show all" in ct(*command).stderr
    ct("ingest", "--site", "north", "iomt_asset.log")
    assert not ct("devices", "--site", "north").stderr
    ct("ingest", "iomt_asset.log")
    assert not ct("devices").stderr
