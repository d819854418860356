"""What holds for every rule: it loads, it is described, it is shown to fire and not to."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from suricata.engine import CONFIG, HERE, REPOSITORY, RULES, cases

from wardwatch_enrichment.content import fields

FOLDER = REPOSITORY / "suricata-rules"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
CASES = cases()
SEVERITIES = {"informational", "minor", "major", "critical"}
OPTION = re.compile(r'([a-z0-9_.-]+)(?::((?:"(?:\\.|[^"\\])*"|\\.|[^;"\\])*))?;\s*')


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a rules file."""

    path: Path
    line: int
    text: str
    comment: str

    def all(self, keyword: str) -> list[str]:
        """What an option says, each time it stands there."""
        body = self.text[self.text.index("(") + 1 : self.text.rindex(")")]
        return [value for name, value in OPTION.findall(body) if name == keyword]

    @property
    def sid(self) -> int:
        """The rule's number."""
        return int(self.all("sid")[0])

    @property
    def metadata(self) -> dict[str, str]:
        """What the rule says of itself, by key."""
        words = [pair.strip() for value in self.all("metadata") for pair in value.split(",")]
        return dict(word.partition(" ")[::2] for word in words)


def rules() -> Iterator[Rule]:
    """All rules of all files."""
    for path in RULES:
        above = ""
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if text and not text.startswith("#"):
                yield Rule(path, number, text, above)
            above = text


ALL = list(rules())
BLOCKS = {
    name: range(int(first), int(last) + 1)
    for name, first, last in re.findall(r"\| `?([a-z0-9.-]+\.rules)`? \| (\d+)-(\d+)", README)
}
EACH = pytest.mark.parametrize("rule", ALL, ids=lambda rule: f"{rule.path.name}:{rule.line}")


@pytest.mark.usefixtures("suricata")
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_loads(path: Path, tmp_path: Path) -> None:
    """Suricata takes each file alone, and has nothing to say about it."""
    command = ["suricata", "-T", "-c", CONFIG, "-S", path, "-l", tmp_path]
    command += ["--strict-rule-keywords=all"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    said = [line for line in output.splitlines() if re.match(r"(Warning|Error)\b", line)]
    assert [line for line in said if "stats are enabled" not in line] == []
    count = sum(rule.path == path for rule in ALL)
    assert f"{count} rules successfully loaded, 0 rules failed" in output


def test_blocks() -> None:
    """Each file has its block in the README, and no two blocks meet."""
    assert {path.name for path in RULES} == BLOCKS.keys()
    numbers = [number for block in BLOCKS.values() for number in block]
    assert len(numbers) == len(set(numbers))
    assert all(1800000 <= number <= 1809999 for number in numbers)


def test_sids_are_unique() -> None:
    """No number is given twice."""
    sids = [rule.sid for rule in ALL]
    assert sorted(set(sids)) == sorted(sids)


@EACH
def test_form(rule: Rule) -> None:
    """One rule a line with a comment above, in its block, with the options that each has."""
    assert re.fullmatch(r"alert \S+ .* (->|<>) .*\(.*;\)", rule.text)
    assert rule.comment.startswith("# ")
    assert rule.sid in BLOCKS[rule.path.name]
    for keyword in ("msg", "classtype", "sid", "rev"):
        assert len(rule.all(keyword)) == 1, keyword
    assert rule.all("reference")
    assert rule.metadata


@EACH
def test_fast_pattern(rule: Rule) -> None:
    """What is looked for first is four bytes or longer, so that hardly any packet holds it.

    A rule about headers is tried first by a header's value, an event or an address instead.
    """
    lengths = [len(re.sub(r"\|[^|]*\|", raw_bytes, text)) for text in contents(rule)]
    header = "prefilter;" in rule.text or "decode-event:" in rule.text
    addresses = not lengths and not rule.all("pcre") and re.search(r"-> \[[\d.,]+\] ", rule.text)
    assert header or addresses or max(lengths, default=0) >= 4


def contents(rule: Rule) -> list[str]:
    """What a rule looks for as it stands; a marked one alone, as no other is tried first."""
    body = rule.text[rule.text.index("(") + 1 :]
    found = [(n, v) for n, v in OPTION.findall(body) if n in ("content", "fast_pattern")]
    marked = [found[at - 1][1] for at, (name, _) in enumerate(found) if name == "fast_pattern"]
    texts = marked or [value for name, value in found if name == "content"]
    return [text.strip('"') for text in texts if not text.startswith("!")]


def raw_bytes(match: re.Match[str]) -> str:
    """As many letters as a hexadecimal part has bytes."""
    return "x" * (len(match[0].replace(" ", "").strip("|")) // 2)


@EACH
def test_both_ways(rule: Rule) -> None:
    """A capture that fires it and one that must not."""
    checks = [check for case in CASES for check in case.checks if check.sid == rule.sid]
    assert [check for check in checks if check.count > 0], "no case fires it"
    assert [check for check in checks if check.count == 0], "no case must not fire it"


def test_no_orphans() -> None:
    """No case counts the alerts of a rule that is not there; no capture lies unused."""
    counted = {check.sid for case in CASES for check in case.checks} - {None}
    assert counted - {rule.sid for rule in ALL} == set()
    used = {case.capture for case in CASES}
    assert set(HERE.glob("*/*.pcap")) - used == set()
    assert [case.slug for case in CASES if not case.capture.exists()] == []


@EACH
def test_threats_are_described(rule: Rule) -> None:
    """A threat says how bad it is."""
    if rule.path.name.startswith("threat-"):
        assert rule.metadata.get("signature_severity", "").lower() in SEVERITIES
        assert "noalert" not in rule.text


@EACH
def test_identities_are_silent(rule: Rule) -> None:
    """An identity is no alert: its variables stand in the flow's record, once in a flow."""
    if rule.path.name.startswith("identity-"):
        assert "noalert;" in rule.text
        assert "flowbits:set," in rule.text
        assert ("(?P<flow_" in rule.text) == ("flowbits:isnotset," in rule.text)


def test_flow_variables() -> None:
    """Every captured group is a variable of the list, and every one of the list is captured."""
    listed = yaml.safe_load((FOLDER / "flowvars.yaml").read_text(encoding="utf-8"))["variables"]
    texts = "".join(rule.text for rule in ALL if rule.path.name.startswith("identity-"))
    groups = re.findall(r"\(\?P<flow_([cs])_(\w+)>", texts)
    assert len(groups) == texts.count("(?P<")
    assert {name for _, name in groups} == set(listed)
    assert {entry["field"] for entry in listed.values()} <= set(fields())


@EACH
def test_bounded(rule: Rule) -> None:
    """No quantifier without an end: what a rule may cost is known."""
    for pattern in rule.all("pcre"):
        bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "x", pattern.strip('"'))
        assert not re.search(r"[*+]|\{\d+,\}", re.sub(r"[?}]\+", "", bare)), pattern
