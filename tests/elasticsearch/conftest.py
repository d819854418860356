"""Real servers of both majors, an index for each test, and fifty devices to put into it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch
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
