"""Elasticsearch from its Maven artifact: the core with security, without any module that it lacks.

The secured variant speaks TLS with a certificate of an authority made for it, and knows the users
of USERS below.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from copy import deepcopy
from pathlib import Path

from servers.downloads import artifacts, require
from servers.node import CONFIGURATION, Node

from wardwatch.outputs.elasticsearch_role import rights

VERSIONS = ("8.19.0", "9.2.0")
PASSWORD = "test-only password with ünicode"  # noqa: S105 - of a server that lives for one run
WITHOUT = "without_"  # what the name of a user begins with, before the place and a privilege
NO_STREAMS, BARE = f"{WITHOUT}2_auto_configure", "logs-iomt_assets_bare"  # where none is yet


def _connectors() -> dict[str, str]:
    """Return the role that is shipped, and for each privilege of it the role without that one."""
    role = {**rights(), "metadata": {}}
    found = {"connector": json.dumps(role)}
    for at, one in enumerate(role["indices"]):
        for privilege in one["privileges"]:
            name = f"{WITHOUT}{at}_{privilege}"
            lacking = {**rights(BARE), "metadata": {}} if name == NO_STREAMS else deepcopy(role)
            lacking["indices"][at]["privileges"].remove(privilege)
            if not lacking["indices"][at]["privileges"]:
                del lacking["indices"][at]
            found[name] = json.dumps(lacking)
    return found


USERS = {
    "installer": "cluster: [manage_index_templates]\n  indices:\n"
    "    - {names: ['logs-iomt_*', 'logs-iomt.*'], privileges: [manage]}",
    "publisher": "indices:\n    - names: ['logs-iomt_*']\n"
    "      privileges: [read, write, maintenance, view_index_metadata]\n"
    "    - {names: ['logs-iomt.*'], privileges: [create_doc, auto_configure]}",
    **_connectors(),
    "security_onion": "cluster: [manage_index_templates]\n  indices:\n"
    "    - {names: ['logs-*'], privileges: [all]}",
    "reader": "indices:\n    - {names: ['logs-iomt_*'], privileges: [read, view_index_metadata]}",
}
_SECURITY = """\
xpack.security.enabled: true
xpack.security.autoconfiguration.enabled: false
xpack.security.enrollment.enabled: false
xpack.security.authc.password_hashing.algorithm: PBKDF2
xpack.security.http.ssl: {enabled: true, key: server.key, certificate: server.crt}
"""


def start(version: str, configuration: str = CONFIGURATION) -> Node:
    """Start a server that lets everybody in."""
    node = _unpacked(version)
    node.configure("elasticsearch.yml", configuration + "xpack.security.enabled: false\n")
    _run(node)
    return node


def start_secured(version: str) -> Node:
    """Start a server with users and TLS; `authority(node)` signed its certificate."""
    require("openssl", "openssl")
    node = _unpacked(version)
    node.scheme = "https"
    node.configure("elasticsearch.yml", CONFIGURATION + _SECURITY)
    node.configure("roles.yml", "".join(f"{name}:\n  {role}\n" for name, role in USERS.items()))
    node.configure("users", "".join(f"{name}:{_hash(PASSWORD)}\n" for name in USERS))
    node.configure("users_roles", "".join(f"{name}:{name}\n" for name in USERS))
    make_authority(node.home / "config", "ca")
    _make_certificate(node.home / "config")
    _run(node)
    return node


def authority(node: Node) -> Path:
    """Return the file that a client of the secured server has to trust."""
    return node.home / "config" / "ca.crt"


def make_authority(directory: Path, name: str) -> None:
    """Write `name`.key and `name`.crt: a new authority that nobody knows."""
    _openssl(
        directory,
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {name}.key -out {name}.crt"
        " -subj /CN=wardwatch-test-authority -addext keyUsage=keyCertSign",
    )


def _make_certificate(directory: Path) -> None:
    (directory / "san.txt").write_text("subjectAltName=IP:127.0.0.1", encoding="utf-8")
    _openssl(
        directory,
        "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr"
        " -subj /CN=wardwatch-test-server",
    )
    _openssl(
        directory,
        "x509 -req -days 2 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial"
        " -extfile san.txt -out server.crt",
    )


def _openssl(directory: Path, arguments: str) -> None:
    command = ["openssl", *arguments.split()]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)


def _hash(password: str) -> str:
    """Return a password as the file realm keeps it."""
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10_000, 32)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return "{PBKDF2}10000$" + "$".join(parts)


def _unpacked(version: str) -> Node:
    group = "org.elasticsearch.distribution.integ-test-zip"
    directory = artifacts(f"elasticsearch-{version}", f"{group}:elasticsearch:{version}:zip")
    return Node(archive=directory / f"elasticsearch-{version}.zip")


def _run(node: Node) -> None:
    heap = "-Xms512m -Xmx512m"
    node.start("elasticsearch", {"ES_JAVA_HOME": "{java}", "ES_JAVA_OPTS": heap})
