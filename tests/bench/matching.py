"""A hundred thousand devices against five thousand advisories from nothing, and one new advisory.

The devices are in a real database, each with evidence of what it offers; the advisories are CSAF
documents. Run by `make bench`; the figures are of this machine, and go into ``build/bench.json``.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BUILD = Path(__file__).parents[2] / "build"
DATABASE, FIGURES = BUILD / "bench-matching.db", BUILD / "bench.json"
DEVICES, ADVISORIES = 100_000, 5_000
MAKERS, MODELS = 200, 20  # of each maker; half of the models are in an advisory
RELEASES = 5  # of each model's software are in use
NOW = 1_790_000_000.0
DAY = 86_400.0


def maker(number: int) -> str:
    """Return a maker of the knowledge base, so that names are looked up as they really are."""
    from wardwatch_enrichment.vendors import vendors  # noqa: PLC0415

    return list(vendors())[number % MAKERS]


def called(made_by: int, number: int) -> str:
    """Return the name of a model, which ten makers share."""
    return f"Unit {made_by % 20}-{number}"


def devices(count: int) -> Iterator[Any]:
    """Yield devices: two in three with a version, each with the attributes that it has."""
    from wardwatch_enrichment.model import Attribute, Device, Evidence  # noqa: PLC0415

    rng = random.Random(1)  # noqa: S311  for a bench
    for number in range(count):
        ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        made_by = rng.randrange(MAKERS)
        name, model = maker(made_by), called(made_by, rng.randrange(MODELS))
        release = rng.randrange(RELEASES)
        version = (f"{release * 3 % 8 + 1}.{release}",) if rng.random() < 0.66 else ()
        stated = {"manufacturer": name, "model": model, "hostname": f"unit{number}"}
        stated |= {"software_versions": version[0]} if version else {}
        proof = Evidence(
            log="iomt_asset", uid=None, time=NOW - DAY, sensor="s", host=ip, field="f", value="v",
            rule="r", line="x" * 200, sha256="0" * 64,
        )  # fmt: skip
        yield Device(
            id=f"{number:016x}", site="bench", manufacturer=name, model=model, ips=(ip,),
            software_versions=version, first_seen=NOW - 20 * DAY, last_seen=NOW - DAY,
            attributes=tuple(
                Attribute(
                    name=key, value=value, confidence=0.9, current=True,
                    first_seen=NOW - 20 * DAY, last_seen=NOW - DAY, evidence=(proof,),
                )
                for key, value in stated.items()
            ),
        )  # fmt: skip


def advisory(number: int) -> bytes:
    """Return a CSAF document: two vulnerabilities in up to three products of one maker."""
    rng = random.Random(number)  # noqa: S311  for a bench
    name = maker(number)
    models = [
        called(number % MAKERS, rng.randrange(0, MODELS, 2)) for _ in range(rng.randrange(1, 4))
    ]
    ids = [f"P{at}" for at in range(len(models))]
    branches = [
        {
            "category": "product_name", "name": model,
            "branches": [{
                "category": "product_version_range", "name": f"<{rng.randrange(2, 9)}.0",
                "product": {"name": f"{name} {model}", "product_id": one},
            }],
        }
        for one, model in zip(ids, models, strict=True)
    ]  # fmt: skip
    day = "2026-01-01T00:00:00.000Z"
    about = ("its web interface lets anybody in", "its Telnet console has a fixed password")
    document = {
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": f"{name} units",
            "publisher": {"category": "other", "name": "Bench", "namespace": "https://bench.test"},
            "tracking": {
                "id": f"BENCH-{number}", "status": "final", "version": "1",
                "initial_release_date": day, "current_release_date": day,
                "revision_history": [{"date": day, "number": "1", "summary": "first"}],
            },
        },
        "product_tree": {
            "branches": [{"category": "vendor", "name": name, "branches": branches}]
        },
        "vulnerabilities": [
            {
                "cve": f"CVE-2026-{10_000 + 2 * number + at}",
                "notes": [{"category": "description", "text": text}],
                "product_status": {"known_affected": ids},
                "scores": [{"products": ids, "cvss_v3": {
                    "version": "3.1", "baseScore": 9.8, "baseSeverity": "CRITICAL",
                    "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                }}],
            }
            for at, text in enumerate(about)
        ],
    }  # fmt: skip
    return json.dumps(document).encode()


def fill(count: int, documents: int) -> None:
    """Put devices, their evidence and advisories into a new database."""
    from wardwatch.feeds.take import take_files  # noqa: PLC0415
    from wardwatch.sources.feed_files import FeedFile  # noqa: PLC0415
    from wardwatch.store import Entry, Store  # noqa: PLC0415
    from wardwatch.store.exposure import About, Gathered, Spanned  # noqa: PLC0415
    from wardwatch_enrichment.model import Binding  # noqa: PLC0415

    for leftover in BUILD.glob("bench-matching.db*"):
        leftover.unlink()
    rng = random.Random(2)  # noqa: S311  for a bench
    day = int((NOW - DAY) // DAY)
    with Store(DATABASE) as store:
        entries, rows = [], {}
        for one in devices(count):
            held = Binding(
                ip=one.ips[0],
                mac=None,
                start=one.first_seen,
                end=NOW,
                source="seen",
                confidence=0.6,
            )
            entries.append(
                Entry(device=one, keys=(f"ip:{one.ips[0]}",), hosts=one.ips, held=(held,))
            )
            for port in rng.sample((22, 23, 80, 104, 443, 3389), 2):
                state = rng.choice(("accepted", "refused"))
                by = "device" if state == "refused" else None
                about = About(day, one.ips[0], "service", "tcp", port, state, by)
                start = day * DAY + 100
                rows[about] = Gathered(
                    intervals=[Spanned(start, start + 600, 3, 2)],
                    peers={"10.250.0.1", "10.250.0.2"},
                )
        with store.transaction():
            store.replace("bench", [], entries)
            store.add_exposures("bench", "s", "iomt_exposure", rows)
        files = (
            FeedFile(place=f"{n}.json", name=f"{n}.json", body=advisory(n), named=True)
            for n in range(documents)
        )
        report = take_files(store, files, NOW)
        if report.problems:
            sys.exit("\n".join(report.problems))


def run_all() -> dict[str, float]:
    """Assess everything from nothing: read the advisories, match, judge."""
    from wardwatch.risk import findings  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415

    with Store(DATABASE) as store:
        started = time.perf_counter()
        findings.read(store)
        read = time.perf_counter() - started
        found = sum(len(known) for _, known in findings.findings(store, "bench", NOW))
        return {"seconds": time.perf_counter() - started, "read_seconds": read, "findings": found}


def run_one() -> dict[str, float]:
    """Answer for one advisory that is new."""
    from wardwatch.risk import findings  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415
    from wardwatch_enrichment import curation  # noqa: PLC0415
    from wardwatch_enrichment.advisories import csaf  # noqa: PLC0415

    with Store(DATABASE, read_only=True) as store:
        body = advisory(123_457)
        started = time.perf_counter()
        known = curation.decided(csaf.parse(body))
        found = sum(len(f) for _, f in findings.of_advisories(store, "bench", [known], NOW))
        return {"seconds": time.perf_counter() - started, "findings": found}


def measure(name: str, script: str = __file__, *more: str) -> dict[str, float]:
    """Run a part in a process of its own; returns its figures with the peak in MB."""
    command = [sys.executable, script, name, *more]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(printed)
    return figures


def tell(measured: dict[str, float]) -> None:
    """Print the figures of a part, with the peak of its memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(measured | {"peak_mb": peak}))


def keep(figures: dict[str, float]) -> None:
    """Print figures and add them to those of other benches."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    FIGURES.write_text(json.dumps(known | figures, indent=1) + "\n")
    for name, figure in figures.items():
        print(f"{name:40} {figure}")


def main() -> None:
    """Fill a database, measure both, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DEVICES
    documents = int(sys.argv[2]) if len(sys.argv) > 2 else ADVISORIES
    fill(count, documents)
    every, one = measure("all"), measure("one")
    figures = {
        "matching_devices": count,
        "matching_advisories": documents,
        "matching_seconds": round(every["seconds"], 1),
        "matching_seconds_reading_advisories": round(every["read_seconds"], 1),
        "matching_findings": every["findings"],
        "matching_peak_mb": round(every["peak_mb"]),
        "one_advisory_seconds": round(one["seconds"], 2),
        "one_advisory_findings": one["findings"],
        "one_advisory_peak_mb": round(one["peak_mb"]),
    }
    keep(figures)
    print("aims: all in <= 60 s, one new advisory in <= 1 s")
    DATABASE.unlink()


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        tell(globals()[f"run_{sys.argv[1]}"]())
    else:
        main()
