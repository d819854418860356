"""Real servers of both majors, an index for each test, and fifty devices to put into it."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import onion_documents as onion
import pytest
from elasticsearch import Elasticsearch
from onion_site import Site
from servers import elasticsearch as real
from servers.node import Node
from servers.session import running

from wardwatch.outputs.elasticsearch import (
    DEFAULT_INDEX,
    ElasticsearchSettings,
    connect,
    findings_index,
    setup,
)
from wardwatch_enrichment.model import Attribute, Device, Evidence

_NUMBERS = itertools.count(1)
EXAMPLES = Path(__file__).parents[2] / "examples"
_NAMES = ("manufacturer", "model", "serial_number", "type")


@pytest.fixture(scope="session", params=real.VERSIONS)
def server(request: pytest.FixtureRequest) -> Node:
    """A server that lets everybody in."""
    version = request.param
    return running(request.config, f"Elasticsearch {version}", lambda: real.start(version))


@pytest.fixture(scope="session")
def secured(request: pytest.FixtureRequest) -> Node:
    """A server with users and TLS."""
    version = real.VERSIONS[0]
    name = f"Elasticsearch {version} with security"
    return running(request.config, name, lambda: real.start_secured(version))


@pytest.fixture
def client(server: Node) -> Iterator[Elasticsearch]:
    """A client as the connector makes it."""
    with connect(ElasticsearchSettings(url=server.url)) as client:
        yield client


@pytest.fixture
def index(client: Elasticsearch) -> Iterator[str]:
    """An index of this test's own, set up."""
    name = f"{DEFAULT_INDEX}_{next(_NUMBERS)}"
    setup(client, name)
    yield name
    client.indices.delete(index=[name, findings_index(name)])


@pytest.fixture
def devices() -> list[Device]:
    """Fifty devices of the site "north"."""
    return [_device(number) for number in range(50)]


def _device(number: int) -> Device:
    known = {
        "manufacturer": ("SIEMENS", "GE MEDICAL SYSTEMS", "Philips")[number % 3],
        "model": f"Model {number % 7}",
        "serial_number": f"{number:05}",
        "type": ("ct-scanner", "ultrasound")[number % 2],
    }
    ip = f"10.20.{number // 40}.{number % 40 + 1}"
    seen = 1_700_000_000.25 + number
    return Device(
        id=f"device-{number:03}",
        site="north",
        device_class="medical" if number % 5 else None,
        software_versions=("1.0", f"2.{number}"),
        hostname=f"host-{number}",
        macs=(f"02:00:00:00:00:{number:02x}",),
        ips=(ip, f"fd00::{number + 1:x}"),
        names=(f"STATION{number}",),
        first_seen=seen - 3600,
        last_seen=seen,
        attributes=tuple(_attribute(name, known[name], ip, seen) for name in _NAMES),
        **known,
    )


def _attribute(name: str, value: str, host: str, seen: float) -> Attribute:
    line = f'{{"ts":{seen},"host":"{host}","field":"dicom.{name}","value":"{value}"}}'
    evidence = Evidence(
        log="iomt_asset",
        uid="CHhAvVGS1DHFjwGM9",
        time=seen,
        sensor="sensor-1",
        host=host,
        field=f"dicom.{name}",
        rule=f"dicom.{name}",
        value=value,
        line=line,
        sha256=hashlib.sha256(line.encode()).hexdigest(),
    )
    return Attribute(
        name=name,
        value=value,
        confidence=0.9,
        current=True,
        first_seen=seen - 3600,
        last_seen=seen,
        evidence=(evidence,),
    )


@pytest.fixture
def stream(client: Elasticsearch) -> str:
    """Return the name of a data stream of this test's own; it is of both Zeek and Suricata."""
    onion.setup(client)
    return f"logs-zeek-so{next(_NUMBERS)}"


@pytest.fixture
def reading(server: Node, tmp_path: Path) -> Callable[..., Site]:
    """Return a function that begins, or goes on, to read into one database."""
    return lambda *patterns, **changes: Site(tmp_path / "read.db", server.url, *patterns, **changes)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example site's logs of today by sensor, one of each kind, each in order."""
    folder = tmp_path_factory.mktemp("onion")
    for path in EXAMPLES.glob("hospital*/*/*.*"):
        copy = folder / "then" / path.relative_to(EXAMPLES).with_name(path.name.removesuffix(".gz"))
        copy.parent.mkdir(parents=True, exist_ok=True)
        raw = path.read_bytes()
        copy.write_bytes(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    runpy.run_path(str(EXAMPLES / "today.py"))["main"](folder / "then", folder / "now")
    logs = folder / "logs"
    for name in sorted({path.name for path in (folder / "now").rglob("*.*")}):
        lines = [x for p in (folder / "now").rglob(name) for x in p.read_text().splitlines()]
        lines.sort(key=lambda line: onion.document(line, name.partition(".")[0], "")["@timestamp"])
        log = logs / ("suricata" if name == "eve.json" else "zeek") / name
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(f"{line}\n" for line in lines))
    return logs
