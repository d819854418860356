"""A hundred thousand devices published to a real Elasticsearch, and published again unchanged.

Beside them a bare bulk sends the same documents, read from a file, to an index with the same
template: what the server alone takes for them. Then devices with findings, whose documents are the
larger part of the work. Run by `make bench`; the figures are of this machine, and go into
``build/bench.json``.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matching

sys.path.insert(0, str(Path(__file__).parents[1]))

from servers import elasticsearch as real

if TYPE_CHECKING:
    from wardwatch.store import Store

DEVICES = 100_000
RATED, ADVISORIES = 5_000, 2_000  # devices with findings, and what finds them
CHANGED = 500
INDEX = "logs-iomt_assets_bench"


def publish(url: str, index: str, now: float = matching.NOW) -> dict[str, Any]:
    """Publish the site; returns how long that took, and what was done in the two indices."""
    from wardwatch import cli  # noqa: PLC0415
    from wardwatch.outputs.elasticsearch import (  # noqa: PLC0415
        ElasticsearchSettings,
        connect,
        findings_index,
    )
    from wardwatch.risk.publishing import Publishing  # noqa: PLC0415
    from wardwatch.running.publish import Publish  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415
    from wardwatch_enrichment.risk.policy import Policy  # noqa: PLC0415

    gc.set_threshold(cli._ALLOCATIONS)  # as every command has it
    started, busy = time.perf_counter(), time.process_time()
    settings = ElasticsearchSettings(url=url)
    with Store(matching.DATABASE) as store, connect(settings) as client:
        made = Publish(client, Publishing(store, "bench", now, Policy()), index)
        made.all(evidence=True)
    if made.failures:
        sys.exit("\n".join(made.failures))
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - busy,
        "devices": made.done[index],
        "findings": made.done[findings_index(index)],
    }


def run_fleet(url: str) -> dict[str, float]:
    """Publish all devices, again unchanged, and again after some changed."""
    first, again = publish(url, INDEX), publish(url, INDEX)
    change()
    some = publish(url, INDEX)
    for done, written in ((first, DEVICES), (again, 0), (some, CHANGED)):
        if done["devices"].written != min(written, count()):
            sys.exit(f"{done['devices'].written} devices were written, not {written}")
    return {
        "seconds": first["seconds"],
        "cpu": first["cpu"],
        "again_seconds": again["seconds"],
        "some_seconds": some["seconds"],
    }


def run_rated(url: str) -> dict[str, float]:
    """Publish devices with their findings."""
    from wardwatch.risk import findings  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415

    with Store(matching.DATABASE) as store:
        findings.read(store)
    done = publish(url, f"{INDEX}_rated")
    return {"seconds": done["seconds"], "findings": done["findings"].written}


def run_bare(url: str) -> dict[str, float]:
    """Send what the index of devices holds once more, as bytes from a file and nothing else."""
    from elasticsearch.helpers import scan, streaming_bulk  # noqa: PLC0415

    from wardwatch.outputs.elasticsearch import ElasticsearchSettings, connect  # noqa: PLC0415

    path = matching.BUILD / "bench-publish.ndjson"
    with connect(ElasticsearchSettings(url=url)) as client:
        with path.open("wb") as file:
            for hit in scan(client, index=INDEX, size=2000):
                body = client.transport.serializers.dumps(hit["_source"], "application/json")
                file.write(body + b"\n")
        client.indices.create(index=f"{INDEX}_bare")
        started, busy = time.perf_counter(), time.process_time()
        with path.open("rb") as file:
            lines = (line.rstrip() for line in file)
            sent = sum(1 for _ in streaming_bulk(client, lines, index=f"{INDEX}_bare"))
        client.indices.refresh(index=f"{INDEX}_bare")
        seconds, cpu = time.perf_counter() - started, time.process_time() - busy
        size = path.stat().st_size
    path.unlink()
    return {"seconds": seconds, "cpu": cpu, "documents": sent, "mb": size / 1e6}


def count() -> int:
    """Return how many devices there are."""
    from wardwatch.store import Store  # noqa: PLC0415

    with Store(matching.DATABASE, read_only=True) as store:
        return store.device_count("bench")


def change() -> None:
    """Have some devices seen a minute later, as the inventory puts them back."""
    from dataclasses import replace  # noqa: PLC0415

    from wardwatch.store import Entry, Store  # noqa: PLC0415

    with Store(matching.DATABASE) as store, store.transaction():
        for one in chosen(store):
            seen = replace(one, last_seen=one.last_seen + 60)
            entry = Entry(device=seen, keys=(f"ip:{one.ips[0]}",), hosts=one.ips, held=())
            store.replace("bench", [one.id], [entry])


def chosen(store: Store) -> list[Any]:
    """Return devices from all over the site."""
    ids = [device.id for device in store.slight_devices("bench")]
    return list(store.devices_of(ids[:: max(len(ids) // CHANGED, 1)][:CHANGED]))


def main() -> None:
    """Start a server, measure, print."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else DEVICES
    node = real.start(real.VERSIONS[-1])
    try:
        with_server(node.url, devices)
    finally:
        node.stop()
        matching.DATABASE.unlink()


def with_server(url: str, devices: int) -> None:
    """Measure against a server that runs."""
    from wardwatch.outputs.elasticsearch import (  # noqa: PLC0415
        ElasticsearchSettings,
        connect,
        setup,
    )

    with connect(ElasticsearchSettings(url=url)) as client:
        for index in (INDEX, f"{INDEX}_rated"):
            setup(client, index)
    matching.fill(devices, 0)
    fleet, bare = matching.measure("fleet", __file__, url), matching.measure("bare", __file__, url)
    matching.fill(min(RATED, devices), ADVISORIES)
    rated = matching.measure("rated", __file__, url)
    figures = {
        "publish_devices": devices,
        "publish_seconds": round(fleet["seconds"], 1),
        "publish_cpu_seconds": round(fleet["cpu"], 1),
        "publish_bare_bulk_seconds": round(bare["seconds"], 1),
        "publish_bare_bulk_cpu_seconds": round(bare["cpu"], 1),
        "publish_ratio_to_bare_bulk": round(fleet["seconds"] / bare["seconds"], 2),
        "publish_cpu_ratio_to_bare_bulk": round(fleet["cpu"] / bare["cpu"], 2),
        "publish_mb": round(bare["mb"]),
        "publish_again_seconds": round(fleet["again_seconds"], 2),
        "publish_500_changed_seconds": round(fleet["some_seconds"], 2),
        "publish_peak_mb": round(fleet["peak_mb"]),
        "publish_findings": round(rated["findings"]),
        "publish_findings_per_second": round(rated["findings"] / rated["seconds"]),
        "publish_findings_peak_mb": round(rated["peak_mb"]),
    }
    matching.keep(figures)
    print("aims: 100,000 devices in <= 60 s, again unchanged in <= 5 s")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        matching.tell(globals()[f"run_{sys.argv[1]}"](sys.argv[2]))
    else:
        main()
