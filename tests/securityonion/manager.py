"""A directory laid out like a manager of Security Onion, with stand-ins for its programs.

Paths and settings are those of the 2.4.110 tree, and for 3.x those of its documentation.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from securityonion import programs

from wardwatch.cli import main
from wardwatch.securityonion.machine import Answer, Machine

Result = subprocess.CompletedProcess[str]

SALT = "opt/so/saltstack"
PROGRAMS = (
    "salt-call", "salt", "docker", "so-suricata-testrule", "so-elasticsearch-query",
    "so-kibana-config-load", "curl", "systemctl", "id", "useradd", "userdel", "so-status",
)  # fmt: skip
_ZEEK = "zeek:\n  config:\n    zeekctl:\n      SitePolicyScripts: local.zeek\n"
_SOC_2 = """\
soc:
  config:
    server:
      modules:
        suricataengine:
          customRulesets:
"""
_SOC_3 = """\
soc:
  config:
    server:
      modules:
        suricataengine:
          rulesetSources:
            default:
              - name: local-rules
                sourceType: directory
                sourcePath: /nsm/rules/custom-local-repos/local-suricata
"""
_FILES = {
    "etc/salt/grains": "role: so-standalone\n",
    "etc/pki/ca.crt": "certificate\n",
    "opt/so/conf/elasticsearch/curl.config": 'user = "so_elastic:secret"\n',
    "opt/so/conf/suricata/suricata.yaml": "%YAML 1.1\n---\n",
    "opt/so/conf/zeek/local.zeek": "@load misc/loaded-scripts\n",
    "opt/so/conf/zeek/zeekctl.cfg": "SitePolicyScripts = local.zeek\n",
    "opt/so/conf/zeek/policy/custom/README": "Place custom policies in …\n",
    f"{SALT}/default/salt/zeek/defaults.yaml": _ZEEK,
    f"{SALT}/default/salt/elasticsearch/files/ingest/zeek.dhcp": "{}\n",
    f"{SALT}/local/salt/zeek/policy/custom/README": "Place custom policies in …\n",
    f"{SALT}/local/pillar/zeek/soc_zeek.sls": "",
    f"{SALT}/local/pillar/zeek/adv_zeek.sls": "",
    f"{SALT}/local/pillar/soc/soc_soc.sls": "soc:\n  config:\n    server:\n      url: https://so\n",
    f"{SALT}/local/pillar/soc/adv_soc.sls": "# by hand\nsoc:\n  config:\n    client: {a: 1}\n",
    f"{SALT}/local/pillar/minions/so_standalone.sls": "sensor:\n  interface: bond0\n",
}
_DIRECTORIES = (
    "opt/so/state",
    "etc/systemd/system",
    "nsm/zeek/logs/current",
    "var/lib",
    f"{SALT}/local/salt/elasticsearch/files/ingest",
)


class Manager:
    """One such directory, and what its Elasticsearch, Kibana, systemd and sensors hold."""

    def __init__(self, home: Path, version: str = "3.1.0", zeek: str = "8.0.8") -> None:
        self.home, self.root = home, home / "root"
        for name in _DIRECTORIES:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        new = version.startswith("3.")
        soc = _SOC_3 if new else _SOC_2
        if new:
            (self.root / "nsm/rules/custom-local-repos/local-suricata").mkdir(parents=True)
        files = {"etc/soversion": version + "\n", f"{SALT}/default/salt/soc/defaults.yaml": soc}
        for name, text in {**_FILES, **files}.items():
            self.put(name, text)
        self.change(
            salt={
                "host": "so", "master": "so",
                "global:mdengine": "ZEEK", "global:managerip": "192.0.2.10",
                "global:imagerepo": "security-onion-solutions", "global:soversion": version,
            },
            es={
                "version": "9.3.3" if new else "8.14.3", "health": "green", "index": {},
                "_component_template": {}, "_index_template": {}, "pipeline": {}, "role": {},
                "stream": {}, "key": [],
            },
            zeek=zeek, kibana={},
            pillar={}, users=["root"], units=[], broken=[], real=False, parses=True,
            rules_load=True, zeek_runs=True, sensors=True,
        )  # fmt: skip
        self._programs()

    def _programs(self) -> None:
        (self.home / "bin").mkdir()
        source = Path(__file__).with_name("programs.py")
        for name in PROGRAMS:
            program = self.home / "bin" / name
            program.write_text(f"#!{sys.executable} -SE\n{source.read_text()}")
            program.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """How a program finds the stand-ins, and they find this."""
        path = f"{self.home / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "FAKE_MANAGER": str(self.home)}

    def run(self, *words: str, data: bytes | None = None) -> Answer:
        """Answer as a program, without a process."""
        status, out, err = programs.run(self.home, words[0], list(words[1:]), data or b"")
        return Answer(status=status, out=out, err=err)

    @property
    def world(self) -> dict[str, Any]:
        """What is outside of the files."""
        path = self.home / "world.json"
        known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return known

    def change(self, **known: Any) -> None:
        """Change something outside of the files."""
        (self.home / "world.json").write_text(json.dumps({**self.world, **known}, sort_keys=True))

    def put(self, name: str, text: str) -> None:
        """Write a file of the manager."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def get(self, name: str) -> str:
        """Read a file of the manager."""
        return (self.root / name).read_text()

    def calls(self) -> list[list[str]]:
        """Return what the stand-ins were asked."""
        path = self.home / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def tree(self) -> dict[str, tuple[int, bytes | None]]:
        """Return all files and directories, with their modes."""
        return {
            str(path.relative_to(self.root)): (
                path.stat().st_mode,
                path.read_bytes() if path.is_file() else None,
            )
            for path in sorted(self.root.rglob("*"))
        }


def run(manager: Manager, verb: str, *options: str, apart: bool = False) -> Result:
    """Type a command on the manager; its programs are processes of their own where `apart`."""
    waits = ("--patience", "1") if verb in ("install", "uninstall") else ()
    words = ["securityonion", verb, "--root", str(manager.root), *waits, *options]
    if apart:
        return subprocess.run(
            [sys.executable, "-m", "wardwatch.cli", *words],
            env=manager.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, manager.environment),
        mock.patch.object(Machine, "run", manager.run),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            status = main(words)
        except SystemExit as wrong:
            status = int(str(wrong.code))
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())
