"""The scripts load under every name and in every mode, and leave unrelated traffic alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "zeek-scripts"
SHARED_TRACES = SCRIPTS.parents[1] / "shared" / "data" / "traces"
CAPTURES = sorted(SHARED_TRACES.glob("*.pcap"))
EVIDENCE = sorted((SCRIPTS / "evidence").rglob("*.zeek"))
EVIDENCE_CAPTURE = Path(__file__).parents[1] / "traces" / "evidence.pcap"
HAVE_DICOM = ("gen-dcmtk-loopback-cecho-cstore", "tapirx-dicom-find")


@pytest.mark.parametrize("mode", [["-a"], ["-a", "-b"]], ids=["normal", "bare"])
@pytest.mark.parametrize("name", ["wardwatch", SCRIPTS, SCRIPTS / "__load__.zeek"])
def test_parses(run_zeek: Any, mode: list[str], name: str | Path) -> None:
    """Zeek itself parses the scripts without a word, by their package's name or by path."""
    run = run_zeek(*mode, load=[name])
    assert (run.returncode, run.output) == (0, "")


@pytest.mark.parametrize("mode", [["-a"], ["-a", "-b"]], ids=["normal", "bare"])
@pytest.mark.parametrize("path", EVIDENCE, ids=lambda path: path.stem)
def test_each_evidence_loads_alone(run_zeek: Any, mode: list[str], path: Path) -> None:
    """Who wants one kind of evidence loads its script, which brings what it needs."""
    run = run_zeek(*mode, load=[path])
    assert (run.returncode, run.output) == (0, "")


@pytest.mark.parametrize("path", EVIDENCE, ids=lambda path: path.stem)
def test_each_evidence_runs_alone(run_zeek: Any, path: Path) -> None:
    """It reads a capture, its signatures included, without a word."""
    run_zeek("-b", capture=EVIDENCE_CAPTURE, load=[path]).assert_quiet()


def test_loading_twice_is_harmless(run_zeek: Any) -> None:
    """As a package and by path, and beside the policies that a sensor's local.zeek loads."""
    policies = ("conn/mac-logging", "conn/vlan-logging", "dhcp/software")
    run = run_zeek("-a", load=[*(f"protocols/{name}" for name in policies), "wardwatch", SCRIPTS])
    assert (run.returncode, run.output) == (0, "")


def test_no_name_is_unused(run_zeek: Any) -> None:
    """Zeek's own check finds no local variable or function that is never used."""
    run = run_zeek("-a", "-u", load=["wardwatch"])
    assert "wardwatch" not in run.output
    assert "zeek-scripts" not in run.output


def test_cluster_roles(run_zeek: Any) -> None:
    """Every role of a cluster parses the scripts."""
    layout = """
        redef Cluster::nodes = {
            ["manager"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=0/tcp],
            ["worker"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $p=0/tcp, $manager="manager"],
        };
    """
    run = run_zeek("-a", script=layout)
    assert (run.returncode, run.output) == (0, "")


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_public_captures(run_zeek: Any, path: Path) -> None:
    """DICOM is found where it is, and nowhere else; nothing of ours is reported."""
    run = run_zeek(capture=path)
    run.assert_quiet()
    assert bool(run.rows("dicom")) is (path.stem in HAVE_DICOM)
    for row in run.rows("iomt_asset"):
        assert 0 < len(row["value"].encode()) <= 256
        assert row["source"] == row["field"].split(".")[0]


def test_public_captures_are_there() -> None:
    """Without them the test above has no cases, which is said rather than passed over."""
    if not CAPTURES:
        pytest.skip("Not run: the public captures are not beside this checkout")


def test_same_rows_every_time(run_zeek: Any, public_capture: Any) -> None:
    """Two runs write the same rows in the same order, but for the random uids."""
    capture = public_capture("gen-dcmtk-loopback-cecho-cstore.pcap")
    runs = [run_zeek(capture=capture) for _ in range(2)]
    for log in ("iomt_asset", "dicom"):
        first, second = ([{**row, "uid": ""} for row in run.rows(log)] for run in runs)
        assert first == second != []


def test_both_log_formats_and_bare_mode(run_zeek: Any, public_capture: Any) -> None:
    """TSV, JSON and bare mode tell the same."""
    capture = public_capture("gen-dcmtk-loopback-cecho-cstore.pcap")
    full = run_zeek(capture=capture)
    bare = run_zeek("-b", capture=capture)
    bare.assert_quiet()
    assert bare.claims("dicom.") == full.claims("dicom.")
    tsv = run_zeek(capture=capture, json_logs=False)
    lines = (tsv.directory / "iomt_asset.log").read_text(encoding="utf-8").splitlines()
    [names] = [line.split("\t")[1:] for line in lines if line.startswith("#fields")]
    assert names == [
        *("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "host", "mac", "vlan"),
        *("subject", "field", "value", "source"),
    ]
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines if line[0] != "#"]
    told = {(row["host"], row["field"], row["value"].replace("\\x5c", "\\")) for row in rows}
    assert told == full.claims()
