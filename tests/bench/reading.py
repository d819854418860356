"""Rows per second read from a real Elasticsearch, beside the same rows followed in files.

Fifty thousand connections and three months of hourly claims, which the cluster reduces: those
are also read row by row, for what that saves. Run by `make bench`; the figures are of this machine,
and go into ``build/bench.json``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import ingest
import matching

sys.path.insert(0, str(Path(__file__).parents[1]))

import onion_documents as onion
from servers import elasticsearch as real

CONNECTIONS = 50_000
HOSTS, HOURS = 10, 24 * 90
CONNS, CLAIMS = "logs-zeek-so", "logs-zeek-so.claims"


def connections() -> Iterator[str]:
    """Yield rows of conn.log of the last hour."""
    import orjson  # noqa: PLC0415

    began = time.time() - 3600
    with (ingest.LOGS / "conn.log").open() as lines:
        for number, line in enumerate(islice(lines, CONNECTIONS)):
            at = began + number * 3600 / CONNECTIONS
            yield orjson.dumps({**orjson.loads(line), "ts": at}).decode()


def claims() -> Iterator[str]:
    """Yield what some hosts said of themselves each hour for three months."""
    import orjson  # noqa: PLC0415

    began = time.time() - HOURS * 3600
    for hour in range(HOURS):
        for host in range(HOSTS):
            row = {"ts": began + hour * 3600 + host, "host": f"10.20.1.{host}", "value": f"M{host}"}
            yield orjson.dumps({**row, "field": "dicom.manufacturer_model_name"}).decode()


def run(folder: Path, **source: Any) -> tuple[int, float]:
    """Follow something from its beginning to its end; returns rows and seconds."""
    from wardwatch.config import Config, RunSettings, SiteSettings  # noqa: PLC0415
    from wardwatch.outputs.elasticsearch import ElasticsearchSettings  # noqa: PLC0415
    from wardwatch.running.following import Taken  # noqa: PLC0415
    from wardwatch.running.loop import Running  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415

    url = source.pop("url", "http://127.0.0.1:9")
    config = Config(
        site=SiteSettings(name="bench"),
        elasticsearch=ElasticsearchSettings(url=url),
        run=RunSettings(elasticsearch_days=365, **source),
    )
    with Store(folder / f"{time.time()}.db") as store:
        running = Running(store, config, print, {})
        taken, began = Taken(), time.perf_counter()
        if running._gathering:
            running._gathering.take(taken, lambda: True)
        else:
            taken = running._following.take(time.time())
        return taken.rows, time.perf_counter() - began


def main() -> None:
    """Fill a server, and measure each way."""
    from wardwatch.outputs.elasticsearch import ElasticsearchSettings, connect  # noqa: PLC0415
    from wardwatch.running import gathering  # noqa: PLC0415

    ingest.generate()
    node = real.start(real.VERSIONS[-1])
    try:
        with (
            tempfile.TemporaryDirectory() as name,
            connect(ElasticsearchSettings(url=node.url)) as client,
        ):
            folder = Path(name)
            (folder / "conn.log").write_text("".join(f"{row}\n" for row in connections()))
            onion.setup(client)
            onion.write(client, CONNS, (onion.document(x, "conn", "s") for x in connections()))
            onion.write(client, CLAIMS, (onion.document(x, "iomt_asset", "s") for x in claims()))
            files = run(folder, logs=(str(folder),))
            read = run(folder, url=node.url, elasticsearch=(CONNS,))
            reduced = run(folder, url=node.url, elasticsearch=(CLAIMS,))
            gathering.LONG = float("inf")
            each = run(folder, url=node.url, elasticsearch=(CLAIMS,))
    finally:
        node.stop()
    matching.keep(
        {
            "read_rows": read[0],
            "read_rows_per_second": round(read[0] / read[1]),
            "follow_files_rows_per_second": round(files[0] / files[1]),
            "read_claims_each_seconds": round(each[1], 1),
            "read_claims_each_rows": each[0],
            "read_claims_reduced_seconds": round(reduced[1], 1),
            "read_claims_reduced_rows": reduced[0],
        }
    )


if __name__ == "__main__":
    main()
