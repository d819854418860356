"""Step: the Suricata rules, by the way that this version takes rules of a site's own.

2.4.110 to 2.4.190 read files that the setting `customRulesets` names (rulecat.conf of salt/idstools
and salt/soc/defaults.yaml of 2.4.110). Newer ones read every file in the directory of their ruleset
"Local Rules" (https://docs.securityonion.net/en/2.4/nids.html, "Default Rulesets").
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wardwatch.securityonion.grid import DEFAULT, LOCAL, Grid
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Answer, Machine
from wardwatch.securityonion.step import Act, Files
from wardwatch.securityonion.zeek import directory

FOLDER = "/nsm/rules/custom-local-repos/local-suricata"
LISTED = "/nsm/rules/detect-suricata/custom_file"
FILE = "iomt.rules"
PILLAR = f"{LOCAL}/pillar/soc/adv_soc.sls"
BY_WEB = f"{LOCAL}/pillar/soc/soc_soc.sls"
SETTING = ("soc", "config", "server", "modules", "suricataengine", "customRulesets")
RULESET: dict[str, Any] = {
    "community": True,  # such rules can be tuned, and not edited
    "license": "BSD-3-Clause",
    "file": f"{LISTED}/{FILE}",
    "ruleset": "Wardwatch",
}

_DEFAULTS = f"{DEFAULT}/salt/soc/defaults.yaml"
_CONF = "/opt/so/conf/suricata"
_LOADED = re.compile(r"(\d+) rules successfully loaded, (\d+) rules failed")
# One empty Ethernet frame: `so-suricata-testrule` wants a capture, and Suricata a packet in it.
_CAPTURE = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_CAPTURE += struct.pack("<IIII", 0, 0, 60, 60) + bytes(60)
_VARIABLES = """\
%YAML 1.1
---
vars:
  address-groups: {HOME_NET: "[10.0.0.0/8]", EXTERNAL_NET: any}
"""


def folder(machine: Machine, grid: Grid) -> str | None:
    """Return where this version reads rules of a site's own from; None where that is not known."""
    known = machine.text(_DEFAULTS) or ""
    if FOLDER in known and machine.path(FOLDER).is_dir():
        return FOLDER
    return LISTED if by_setting(machine, grid) else None


def by_setting(machine: Machine, grid: Grid) -> bool:
    """Say whether a setting has to name the file."""
    known = machine.text(_DEFAULTS) or ""
    return FOLDER not in known and "customRulesets" in known and grid.version < (2, 4, 200)


def rules(engine: str) -> bytes:
    """Return the rules, one a line: SOC refuses a file in which it does not know a line.

    What rules find of identity is in EVE's flow records, which are written where Suricata writes
    the metadata.
    """
    texts = sorted(directory("suricata-rules").glob("*.rules"))
    chosen = [p for p in texts if engine == "SURICATA" or not p.name.startswith("identity-")]
    lines = (line for p in chosen for line in p.read_text(encoding="utf-8").splitlines())
    return "".join(f"{line}\n" for line in lines if line.startswith("alert ")).encode()


class Rules(Files):
    """The rules in one file."""

    name, title = "rules", "Suricata rules"

    def __init__(self, machine: Machine, journal: Journal, grid: Grid) -> None:
        super().__init__(machine, journal)
        self.grid = grid

    def content(self) -> Mapping[str, bytes]:
        """Return the file."""
        where = folder(self.machine, self.grid)
        return {f"{where}/{FILE}": rules(self.grid.engine)} if where else {}

    def acts(self) -> Iterator[Act]:
        """Tell the file, and what is tried before."""
        tried = "so-suricata-testrule" if self._here() else "docker run … so-suricata … -T"
        yield Act("command", f"{tried} (tries the rules; nothing is changed)")
        yield from super().acts()

    def obstacles(self) -> Iterator[str]:
        """Tell what is in the way, and rules that this Suricata does not load."""
        if not self.content():
            yield (
                f"{_DEFAULTS}: does not say how this version takes rules of a site's own: add them "
                "in Detections by hand, and leave them out here with --without rules"
            )
            return
        yield from super().obstacles()
        with tempfile.TemporaryDirectory(prefix="wardwatch-") as made:
            base = Path(made)
            base.chmod(0o755)
            (base / FILE).write_bytes(rules(self.grid.engine))
            (base / "one.pcap").write_bytes(_CAPTURE)
            (base / "vars.yaml").write_text(_VARIABLES)
            for path in base.iterdir():
                path.chmod(0o644)
            answer = self._tried(base)
        told = answer.out + answer.err
        loaded, wrong = _LOADED.search(told), re.findall(r"error parsing signature.*", told)
        if wrong or not loaded or loaded[2] != "0":
            yield f"Suricata does not load the rules: {wrong[0] if wrong else answer.said}"[:400]

    def _here(self) -> bool:
        return self.machine.path(f"{_CONF}/suricata.yaml").exists()

    def _tried(self, base: Path) -> Answer:
        """Load them with the site's own, where this node has those; else by themselves."""
        if self._here():
            return self.machine.run(
                "so-suricata-testrule", str(base / FILE), str(base / "one.pcap")
            )
        words = ("run", "--rm", "--network", "none", "-v", f"{base}:/wardwatch:ro")
        image = self.grid.image.format("suricata")
        options = ("-T", "-v", "-c", "/wardwatch/vars.yaml", "-S", f"/wardwatch/{FILE}")
        return self.machine.run(
            "docker",
            *words,
            "--entrypoint",
            "suricata",
            image,
            *options,
            "-l",
            "/tmp",  # noqa: S108
        )
