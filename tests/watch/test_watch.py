"""Watch rules: their text, their numbers, and that a real Suricata sees by them what it should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from watch.packets import DEVICE, PEER, capture

from wardwatch_enrichment.watch import (
    SIDS,
    Pair,
    RuleFile,
    Template,
    build,
    read,
    stale,
    templates,
    unwatched,
)

NOW = 1_795_348_800.0
DAY = 86_400.0
PUMP = Pair(device="d1", cve="CVE-2015-3459", addresses=(DEVICE,))
SCANNER = Pair(device="d2", cve="CVE-2019-0708", addresses=("10.0.0.70", "fd00::7"))
CONFIG = Path(__file__).parents[1] / "suricata" / "suricata.yaml"


def rules(text: str) -> list[str]:
    """Return the rules of a file."""
    return [line for line in text.splitlines() if line.startswith("alert ")]


def made(*pairs: Pair, previous: RuleFile | None = None, at: float = NOW) -> str:
    """Build a file that holds for a day."""
    return build(pairs, previous or RuleFile(), at, 1)


def test_the_same_pairs_give_the_same_file() -> None:
    """In whatever order they come."""
    assert made(PUMP, SCANNER) == made(SCANNER, PUMP)
    again = made(PUMP, SCANNER, previous=read(made(PUMP, SCANNER)))
    assert again == made(PUMP, SCANNER)


def test_a_rule_watches_just_the_vulnerable_devices() -> None:
    """And no rule is there for what nobody has."""
    (rule,) = rules(made(PUMP))
    assert rule.startswith(f"alert tcp any any -> [{DEVICE}] 23 (")
    both = replace(PUMP, device="d3", addresses=("10.0.0.7",))
    assert f"-> [10.0.0.7,{DEVICE}] 23 " in rules(made(PUMP, both))[0]
    assert len(rules(made(SCANNER))) == 2


def test_numbers_stay_and_revisions_rise_only_with_the_text() -> None:
    """Also past a time in which nobody had the weakness."""
    first = read(made(PUMP, SCANNER))
    moved = read(made(replace(PUMP, addresses=("10.0.0.67",)), SCANNER, previous=first))
    old, new = first.rules["telnet-console"], moved.rules["telnet-console"]
    assert (new.sid, new.rev) == (old.sid, old.rev + 1)
    assert moved.rules["rdp-session"] == first.rules["rdp-session"]
    gone = read(made(SCANNER, previous=moved))
    back = read(made(PUMP, SCANNER, previous=gone))
    assert back.rules["telnet-console"].sid == old.sid
    assert back.rules["telnet-console"].rev == new.rev + 1


def test_sids_are_of_the_block_and_each_is_of_one_rule() -> None:
    """However many there are."""
    every = [
        Pair(device=f"d{n}", cve=cve, addresses=(f"10.0.1.{n}",), peers=(f"10.9.0.{n}/32",))
        for n in range(1, 40)
        for template in templates()
        for cve in template.cves
    ]
    file = read(made(*every))
    sids = [rule.sid for rule in file.rules.values()]
    assert len(sids) == len(set(sids)) > 80
    assert set(sids) <= set(SIDS)


def test_pairs_without_a_rule_are_named() -> None:
    """Each with the reason, in the file, too."""
    unknown = Pair(device="d1", cve="CVE-1999-0001", addresses=(DEVICE,))
    behind = Pair(device="d4", cve="CVE-2015-3459", addresses=())
    archive = Pair(device="d5", cve="CVE-2022-2119", addresses=("10.0.0.5",))
    found = [(pair.device, why) for pair, why in unwatched([PUMP, unknown, behind, archive])]
    assert found == [
        ("d1", "no template is known for this weakness"),
        ("d4", "the device has no address of its own"),
        ("d5", "its rule needs a list of peers"),
    ]
    text = made(PUMP, unknown, behind, archive)
    assert "# no rule: d4 CVE-2015-3459: the device has no address of its own" in text
    assert len(rules(text)) == 1


def test_a_stale_file_is_said_to_be_stale() -> None:
    """When it expired, and when a device is elsewhere or gone."""
    file = read(made(PUMP, SCANNER))
    here = {"d1": (DEVICE,), "d2": ("fd00::7", "10.0.0.70"), "d9": ("10.0.0.99",)}
    assert stale(file, NOW + DAY / 2, here) == []
    assert stale(file, NOW + DAY, here) == ["it expired at 2026-11-23T12:00:00Z"]
    moved = here | {"d1": ("10.0.0.67",)}
    assert stale(file, NOW, moved) == ["device d1 has other addresses now: 10.0.0.67"]
    del moved["d2"], moved["d1"]
    assert len(stale(file, NOW, moved)) == 2


def test_another_file_is_refused() -> None:
    """So that nothing is written over a site's own rules."""
    with pytest.raises(ValueError, match="says nowhere when it expires"):
        read("alert tcp any any -> any any (sid:1;)\n")


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.name)
def test_a_template_is_whole(template: Template) -> None:
    """One line, one place for the addresses, one CVE at least, and a known severity."""
    assert template.head.count("{addresses}") == 1
    assert all(re.fullmatch(r"CVE-\d{4}-\d{4,7}", cve) for cve in template.cves)
    assert template.severity in ("Critical", "Major", "Minor")
    assert not set(template.message) & set('";\\')
    assert "\n" not in template.head + template.match + template.message + template.sees
    assert 0 < template.preference <= 1


@pytest.fixture(scope="module")
def suricata() -> str:
    """Return the real one; skips where there is none."""
    found = shutil.which("suricata")
    if found is None:
        pytest.skip("Not run against a real Suricata: no `suricata` on PATH")
    return found


def alerted(suricata: str, directory: Path, text: str) -> list[int]:
    """Return the sids that fire on the directory's capture."""
    (directory / "watch.rules").write_text(text)
    command = [suricata, "-c", CONFIG, "-S", "watch.rules", "-r", "x.pcap", "-l", "."]
    command += ["--runmode", "single", "-k", "none"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rror" not in done.stderr, done.stderr
    records = [json.loads(line) for line in (directory / "eve.json").read_text().splitlines()]
    return [r["alert"]["signature_id"] for r in records if r["event_type"] == "alert"]


@pytest.mark.parametrize("what", ["example", "silent"])
@pytest.mark.parametrize("template", templates(), ids=lambda t: t.name)
def test_suricata_sees_it(suricata: str, template: Template, what: str, tmp_path: Path) -> None:
    """The example fires just the template's rule, what is to be silent does not, nor do others."""
    cve = next(iter(template.cves))
    peers = ("10.0.0.10/32",) if "{peers}" in template.head else ()
    text = made(Pair(device="d1", cve=cve, addresses=(DEVICE,), peers=peers))
    file = read(text)
    (own,) = [rule.sid for key, rule in file.rules.items() if key.startswith(template.name)]
    capture(tmp_path / "x.pcap", template.example if what == "example" else template.silent)
    assert (own in alerted(suricata, tmp_path, text)) == (what == "example")
    elsewhere = text.replace(DEVICE, "10.0.0.77")
    (tmp_path / "eve.json").unlink()
    assert alerted(suricata, tmp_path, elsewhere) == []


def test_an_expected_peer_is_no_stranger(suricata: str, tmp_path: Path) -> None:
    """What the site's list names may call."""
    (template,) = [t for t in templates() if t.name == "dicom-stranger"]
    capture(tmp_path / "x.pcap", template.example)
    pair = Pair(device="d1", cve="CVE-2022-2119", addresses=(DEVICE,), peers=(f"{PEER}/32",))
    assert alerted(suricata, tmp_path, made(pair)) == []


def test_suricata_takes_every_template(suricata: str, tmp_path: Path) -> None:
    """All rules together pass its own check, for IPv4 and IPv6."""
    every = [Pair(device="d1", cve=cve, addresses=(DEVICE, "fd00::7"), peers=("10.9.0.0/24",))
             for template in templates() for cve in template.cves]  # fmt: skip
    (tmp_path / "watch.rules").write_text(made(*every))
    command = [suricata, "-T", "-c", CONFIG, "-S", "watch.rules", "-l", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rror" not in done.stderr, done.stderr
