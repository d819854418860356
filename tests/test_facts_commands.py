"""Facts of sites as a user takes them in, and as the inventory shows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wardwatch import cli, pipeline
from wardwatch.store import Store
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.model import Claim, Device

Claiming = Callable[..., Claim]
PLAN = """cidr,name,zone
10.20.1.0/24,Imaging,clinical
10.20.0.0/16,Campus,enterprise
10.99.0.0/24,Ward 9,clinical
"""


def wards(device: Device) -> list[str]:
    """Return the wards that were told of a device."""
    return [a.value for a in device.attributes if a.name == "ward"]


def test_a_site_that_only_told_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is listed, its plan is one blind spot, and a slip of its name is noticed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.csv").write_text(PLAN)
    assert cli.main(["facts", "import", "plan.csv", "--site", "nrth"]) == 0
    out, err = capsys.readouterr()
    assert "plan.csv: 3 subnet for site nrth." in out
    assert "no sensor has heard" in err
    assert cli.main(["facts", "import", "plan.csv", "--site", "nrth"]) == 0
    assert "in the place of 3" in " ".join(capsys.readouterr().out.split())
    for command in (["facts", "list"], ["coverage"]):
        for option in ([], ["--site", "nrth"]):
            assert cli.main([*command, *option]) == 0
            assert "Ward 9" in capsys.readouterr().out


def test_files_of_one_name_do_not_replace_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one call they are refused, before any is taken."""
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plan.csv").write_text(PLAN)
    assert cli.main(["facts", "import", "a/plan.csv", "b/plan.csv"]) != 0
    assert "plan.csv: several files" in capsys.readouterr().err
    assert cli.main(["facts", "import", "a/plan.csv", "./a/plan.csv"]) == 0


def test_the_inventory_has_facts_of_each_site(store: Store, claim: Claiming) -> None:
    """The same address at two sites is of two devices."""
    row = {"ip": "10.0.0.1", "ward": "ICU 3"}
    fact = Fact(kind="device", values=row, source="r.csv", line=2, at=1.0)
    with store.transaction():
        store.add([claim("10.0.0.1", "conn.active", "yes", site=site) for site in ("a", "b")])
        store.tell("b", "r.csv", [fact])
    for site in ("a", "b"):
        pipeline.refresh(store, site)
    assert [wards(device) for device in pipeline.inventory(store)] == [[], ["ICU 3"]]
    assert store.heard_sites() == store.sites() == ["a", "b"]
