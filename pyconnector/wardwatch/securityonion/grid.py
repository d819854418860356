"""What is known of the Security Onion that is to be changed, and what forbids to change it.

`/etc/soversion`, `/etc/salt/grains` and the pillars are where Security Onion's own programs look
(so-common, so-import-pcap in its repository, 2.4.110).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

from wardwatch.securityonion import SecurityOnionError
from wardwatch.securityonion.machine import Machine

LOCAL = "/opt/so/saltstack/local"
DEFAULT = "/opt/so/saltstack/default"
ROLES = ("manager", "managersearch", "standalone", "eval")
OLDEST = (2, 4, 110)
ZEEK_NEEDED = 8
SPACE = 2**30  # bytes that have to be free; what is installed takes a few megabytes
# So salt/zeek/init.sls is allowed on these alone (pillar/top.sls names them so).
SENSORS = "*_sensor or *_heavynode or *_eval or *_standalone"

_ASKED = {
    "global:mdengine": "pillar",
    "global:managerip": "pillar",
    "global:imagerepo": "pillar",
    "global:soversion": "pillar",
    "host": "grains",
    "master": "grains",
}
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,4})(?:\.\d{1,4}|-\d{1,8})?\s*")
_ROLE = re.compile(r"^role:\s*so-(\w+)\s*$", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The manager and its settings; `doubts` are why nothing may be changed."""

    version: tuple[int, ...] = ()
    role: str = ""
    engine: str = ""
    host: str = ""
    address: str = ""
    image: str = ""
    zeek: int = 0
    doubts: tuple[str, ...] = field(default=())

    @property
    def scripts(self) -> bool:
        """Whether Zeek writes the metadata, in a version that our scripts are for."""
        return self.engine == "ZEEK" and self.zeek >= ZEEK_NEEDED

    @property
    def told(self) -> str:
        """The grid in a line."""
        engine = f"metadata by {self.engine or 'an unknown engine'}"
        if self.engine == "ZEEK":
            engine += f" {self.zeek or 'of an unknown version'}"
        number = ".".join(map(str, self.version)) or "of an unknown version"
        return f"Security Onion {number}, {self.role or 'unknown role'} {self.host}, {engine}"


def look(machine: Machine) -> Grid:
    """Look at the manager. Nothing is changed."""
    doubts: list[str] = []  # all of them are told at once
    version, role = _version(machine, doubts), _role(machine, doubts)
    try:
        told = {key: _word(machine, kind, key) for key, kind in _ASKED.items()}
    except SecurityOnionError as error:
        return Grid(version=version, role=role, doubts=(*doubts, str(error)))
    engine, address = told["global:mdengine"], told["global:managerip"]
    if engine not in ("ZEEK", "SURICATA"):
        doubts.append(f"global:mdengine is {engine or 'not set'}; it has to be ZEEK or SURICATA")
    try:
        ip_address(address)
    except ValueError:
        doubts.append(f"global:managerip is {address or 'not set'}; it has to be an address")
    needed = ("host", "master", "global:imagerepo", "global:soversion")
    unsaid = [name for name in needed if not told[name]]
    doubts += [f"{name}: Salt does not say; see `salt-call test.ping`" for name in unsaid]
    repository = f"{told['master']}:5000/{told['global:imagerepo']}"
    image = f"{repository}/so-{{}}:{told['global:soversion']}"  # as so-import-pcap names them
    zeek = _zeek(machine, image.format("zeek"), doubts) if engine == "ZEEK" else 0
    return Grid(
        version=version,
        role=role,
        engine=engine,
        host=told["host"],
        address=address,
        image=image,
        zeek=zeek,
        doubts=(*doubts, *_space(machine)),
    )


def _version(machine: Machine, doubts: list[str]) -> tuple[int, ...]:
    said = machine.text("/etc/soversion")
    if said is None:
        doubts.append("/etc/soversion: is not there, so this is no node of Security Onion")
        return ()
    found = _VERSION.fullmatch(said)
    version = tuple(int(part) for part in found.groups()) if found else ()
    if not version or not OLDEST <= version < (4,):
        told = "".join(c for c in said.strip()[:40] if c.isprintable())
        doubts.append(f"/etc/soversion: {told or 'empty'} is not known; 2.4.110 to 3.x are")
    return version


def _role(machine: Machine, doubts: list[str]) -> str:
    found = _ROLE.search(machine.text("/etc/salt/grains") or "")
    role = found[1] if found else ""
    if role not in ROLES:
        doubts.append(
            f"/etc/salt/grains: the role of this node is {role or 'not said'}; run this on the "
            f"manager ({', '.join(ROLES)})"
        )
    return role


def _word(machine: Machine, kind: str, key: str) -> str:
    answer = machine.run(
        "salt-call", "-lerror", "--no-color", f"{kind}.get", key, "--out=newline_values_only"
    )
    word = answer.out.strip()
    if answer.status:
        raise SecurityOnionError(f"salt-call {kind}.get {key}: failed: {answer.said}")
    return word if _WORD.fullmatch(word) else ""


def _zeek(machine: Machine, image: str, doubts: list[str]) -> int:
    """Return the major version of the Zeek that sensors run."""
    try:
        answer = machine.run(
            "docker", "run", "--rm", "--entrypoint", "/opt/zeek/bin/zeek", image, "--version"
        )
    except SecurityOnionError as error:
        doubts.append(str(error))
        return 0
    found = re.search(r"zeek version (\d+)\.\d+", answer.out + answer.err)
    if answer.status or not found:
        doubts.append(f"{image}: Zeek's version cannot be had from it: {answer.said}")
        return 0
    return int(found[1])


def _space(machine: Machine) -> Iterator[str]:
    for name in ("/opt/so/saltstack", "/opt/iomt", "/var/lib", "/etc"):
        free = machine.free(name)
        if free < SPACE:
            yield f"{name}: {free >> 20} MB are free, {SPACE >> 20} have to be; make room first"
