"""The example site, published into a real Elasticsearch as `make demo` and `publish` would."""

from __future__ import annotations

import runpy
import time
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from servers import elasticsearch as real
from servers.session import running

from wardwatch.cli import main
from wardwatch.documents.heartbeat import heartbeat
from wardwatch.outputs.elasticsearch import DEFAULT_INDEX, ElasticsearchSettings, connect, stream
from wardwatch.outputs.elasticsearch_streams import append
from wardwatch.store import Store

ROOT = Path(__file__).parents[2]
SITE = "hospital"
SUFFIX = "_kibana"  # beside what other tests of this session put into the same server
INDEX = DEFAULT_INDEX + SUFFIX


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example site's database, with what people decided and with a finding closed."""
    folder = tmp_path_factory.mktemp("kibana")
    path, logs = folder / "w.db", folder / "hospital"
    _script("examples/today.py", ROOT / "examples" / "hospital", logs)
    at = ["--db", str(path)]
    plan = ROOT / "examples" / "site.yaml"
    mended = folder / "site.yaml"
    mended.write_text(plan.read_text().replace("Hikvision", "Axis"))
    for command in (
        ["ingest", *at, "--site", SITE, str(logs)],
        ["facts", "import", *at, "--site", SITE, str(plan)],
        ["feeds", "import", *at, str(ROOT / "examples" / "advisories")],
        ["facts", "import", *at, "--site", SITE, str(mended)],
    ):
        assert main(command) == 0
    worst, last = _findings(path)
    assert main(["assign", *at, worst, "--owner", "clinical engineering", "--status", "asked"]) == 0
    accepted = ["--why", "replaced soon", "--until", _in_days(60), "--who", "Dr. Weber"]
    assert main(["accept", *at, last, *accepted]) == 0
    return path


@pytest.fixture(scope="session")
def published(request: pytest.FixtureRequest, site: Path) -> Elasticsearch:
    """Return a client of a server that holds the example site."""
    version = real.VERSIONS[-1]
    name = f"Elasticsearch {version}"
    server = running(request.config, name, lambda: real.start(version))
    client = connect(ElasticsearchSettings(url=server.url))
    settings = site.with_name("wardwatch.toml")
    settings.write_text(f'[elasticsearch]\nurl = "{server.url}"\nindex = "{INDEX}"\n')
    for action in ("setup", "publish"):
        at = ["--config", str(settings), "--db", str(site)]
        assert main(["elasticsearch", action, *at]) == 0
    append(client, stream("health", INDEX), [("1", _sign_of_life())])
    client.indices.refresh(index=f"logs-iomt*{SUFFIX}")
    return client


def _findings(path: Path) -> tuple[str, str]:
    """Return the ids of the most urgent finding and of the least urgent one."""
    with Store(path, read_only=True) as store:
        known = [state for state in store.last_states(SITE) if state.closed is None]
    ordered = sorted(known, key=lambda state: -state.score)
    return ordered[0].finding, ordered[-1].finding


def _sign_of_life() -> dict[str, object]:
    now = time.time()
    health = {
        "site": SITE,
        "started": now - 3600,
        "at": now - 5,
        "assessed": now - 60,
        "published": now - 60,
        "sensors": {"local": {"last_seen": now - 20, "loss": 0.002}},
        "feeds": {"csaf example.org": now - 7 * 86_400},
        "rows": 1054,
        "bad_rows": 1,
        "devices": 57,
        "store_bytes": 4_000_000,
    }
    return heartbeat(health, now, "0.1.0", ["sensor local lost packets"])


def _in_days(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * 86_400))


def _script(path: str, *arguments: Path) -> None:
    runpy.run_path(str(ROOT / path))["main"](*arguments)
