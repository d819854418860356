"""`rules build`, `rules marks` and `rules check` as a user types them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wardwatch.cli import main

CONN = '{{"ts":{ts},"uid":"C1","id.orig_h":"{host}","id.resp_h":"8.8.8.8","conn_state":"SF"}}\n'
LEASE = (
    '{{"ts":{ts},"uids":["D1"],"mac":"02:00:00:00:00:01","assigned_addr":"{ip}",'
    '"host_name":"pump1","msg_types":["REQUEST","ACK"]}}\n'
)
CLAIM = (
    '{{"ts":{ts},"host":"{ip}","field":"dicom.modality","value":"CT","uid":"C9",'
    '"source":"dicom"}}\n'
)
Run = Callable[..., str]
EXAMPLE = Path(__file__).parents[2] / "examples" / "advisories" / "example-17-250-02.json"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns all that it says."""
    monkeypatch.chdir(tmp_path)

    def running(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.out + said.err

    (tmp_path / "dhcp.log").write_text(LEASE.format(ts=1000, ip="10.0.0.5"))
    (tmp_path / "conn.log").write_text(CONN.format(ts=1000, host="10.0.0.6"))
    running("ingest", "dhcp.log", "conn.log")
    return running


def test_a_file_is_built_checked_and_found_stale(run: Run, tmp_path: Path) -> None:
    """Its rule follows the pump to another address, under the same number."""
    (tmp_path / "pairs.csv").write_text("device,cve\n10.0.0.5,CVE-2015-3459\n10.0.0.6,CVE-1999-1\n")
    assert "'CVE-1999-1' is no CVE" in run(
        "rules", "build", "--pairs", "pairs.csv", "--out", "watch.rules", code=1
    )
    (tmp_path / "pairs.csv").write_text(
        "device,cve\n10.0.0.5,CVE-2015-3459\n10.0.0.6,CVE-1999-0001\n"
    )
    said = run("rules", "build", "--pairs", "pairs.csv", "--out", "watch.rules")
    assert "no template is known" in said
    assert "Wrote watch.rules: 1 rules for 1 pairs." in said
    first = (tmp_path / "watch.rules").read_text()
    assert "-> [10.0.0.5] 23 (" in first
    assert "watches 1 devices where they are now" in run("rules", "check", "watch.rules")

    (tmp_path / "dhcp.log").write_text(LEASE.format(ts=90_000, ip="10.0.0.7"))
    run("ingest", "dhcp.log")
    assert "has other addresses now: 10.0.0.7" in run("rules", "check", "watch.rules", code=1)
    (tmp_path / "pairs.yaml").write_text("- {device: 10.0.0.7, cve: cve-2015-3459}\n")
    run("rules", "build", "--pairs", "pairs.yaml", "--out", "watch.rules")
    second = (tmp_path / "watch.rules").read_text()
    assert "-> [10.0.0.7] 23 (" in second
    assert second.split(" sid:")[1].startswith(first.split(" sid:")[1].split(";")[0])
    assert "rev:2;" in second
    assert "watches 1 devices" in run("rules", "check", "watch.rules")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("pairs.yaml", "- {device: 10.0.0.5, cve: CVE-2015-3459, note: x}", "unknown: note"),
        ("pairs.yaml", "- {device: 10.0.0.99, cve: CVE-2015-3459}", "no device is '10.0.0.99'"),
        ("pairs.yaml", "- {device: 10.0.0.5, cve: CVE-2022-2119, peers: [ward]}", "ward"),
        ("pairs.yaml", "device: 10.0.0.5", "is no list of pairs"),
        ("pairs.yaml", "- [", "cannot be read as CSV or YAML"),
        ("pairs.csv", "device,cve\n,CVE-2015-3459\n", "no device is ''"),
    ],
)
def test_wrong_pairs_are_named(run: Run, tmp_path: Path, name: str, text: str, reason: str) -> None:
    """And nothing is written."""
    (tmp_path / name).write_text(text)
    assert reason in run("rules", "build", "--pairs", name, "--out", "watch.rules", code=1)
    assert not (tmp_path / "watch.rules").exists()


def test_a_site_s_own_rules_are_not_written_over(run: Run, tmp_path: Path) -> None:
    """A file that was not built is left as it is."""
    (tmp_path / "local.rules").write_text("# mine\n")
    (tmp_path / "pairs.yaml").write_text("- {device: 10.0.0.5, cve: CVE-2015-3459}\n")
    said = run("rules", "build", "--pairs", "pairs.yaml", "--out", "local.rules", code=1)
    assert "is no file of `wardwatch rules build`" in said
    assert (tmp_path / "local.rules").read_text() == "# mine\n"


def test_medical_devices_are_marked(run: Run, tmp_path: Path) -> None:
    """Only those, until there are others or they move; other people's files stay as they are."""
    (tmp_path / "iomt_asset.log").write_text(CLAIM.format(ts=1000, ip="10.0.0.8"))
    run("ingest", "iomt_asset.log")
    said = run("rules", "marks", "--out", "marks.rules")
    assert "Wrote marks.rules: 1 medical devices, 1 addresses." in said
    first = (tmp_path / "marks.rules").read_text()
    assert "alert ip [10.0.0.8] any -> any any (" in first
    assert "marks 1 devices where they are now" in run("rules", "check", "marks.rules")

    (tmp_path / "iomt_asset.log").write_text(CLAIM.format(ts=2000, ip="10.0.0.9"))
    run("ingest", "iomt_asset.log")
    said = run("rules", "check", "marks.rules", code=1)
    assert "is not in it; run `wardwatch rules marks` again" in said
    run("rules", "marks", "--out", "marks.rules")
    assert "[10.0.0.8,10.0.0.9] any" in (tmp_path / "marks.rules").read_text()
    assert "rev:2;" in (tmp_path / "marks.rules").read_text()

    (tmp_path / "local.rules").write_text("# mine\n")
    assert "is no file of" in run("rules", "marks", "--out", "local.rules", code=1)
    assert (tmp_path / "local.rules").read_text() == "# mine\n"
    (tmp_path / "pairs.yaml").write_text("- {device: 10.0.0.8, cve: CVE-2015-3459}\n")
    said = run("rules", "build", "--pairs", "pairs.yaml", "--out", "marks.rules", code=1)
    assert "is a file of `wardwatch rules marks`" in said


def test_the_file_of_the_settings_follows_the_findings(run: Run, tmp_path: Path) -> None:
    """Each ingest writes it anew where a named device has another address, under the same sid."""
    (tmp_path / "wardwatch.toml").write_text('[rules]\nwatch = "watch.rules"\n')
    says = '{"ts":1000,"host":"10.0.0.5","field":"%s","value":"%s","uid":"C9","source":"hl7"}\n'
    (tmp_path / "iomt_asset.log").write_text(
        says % ("hl7.manufacturer", "Smiths Medical") + says % ("hl7.model", "Medfusion 4000")
    )
    run("feeds", "import", str(EXAMPLE))
    assert "Wrote watch.rules anew: it was not there." in run("ingest", "iomt_asset.log")
    first = (tmp_path / "watch.rules").read_text()
    assert "-> [10.0.0.5] 23 (" in first
    assert "anew" not in run("ingest", "iomt_asset.log")

    (tmp_path / "dhcp.log").write_text(LEASE.format(ts=90_000, ip="10.0.0.7"))
    assert "has other addresses now: 10.0.0.7" in run("ingest", "dhcp.log")
    (rule,) = [line for line in first.splitlines() if " 23 (" in line]
    (moved,) = [
        line for line in (tmp_path / "watch.rules").read_text().splitlines() if " 23 (" in line
    ]
    assert "-> [10.0.0.7] 23 (" in moved
    assert rule.rpartition("sid:")[2].partition(";")[0] in moved
    assert moved.endswith("rev:2;)")
