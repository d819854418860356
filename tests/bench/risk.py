"""A hundred thousand devices with a million findings are scored, and one device anew.

The store is the one of matching.py with twice as many advisories: two in three findings have an
answer on the wire. Beside the scoring, in the same run, a bare loop builds the cases that the
scores are made of, so that the figures say something on a busy machine too. Run by `make bench`;
the figures are of this machine, and go into ``build/bench.json``. Those of `cpu` are what the
process itself was busy for, which others on the machine do not draw out.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import matching

if TYPE_CHECKING:
    from wardwatch.risk.site import Judged
    from wardwatch.store import Store
    from wardwatch_enrichment.risk.rating import Rated, Rater

DEVICES, ADVISORIES = 100_000, 10_800
AT_ONCE = 500
ANEW = 100  # devices, each looked at by itself


def run_fleet() -> dict[str, float]:
    """Score all findings; the time of the scoring is apart from what finds and judges them."""
    from wardwatch.risk import findings, risks  # noqa: PLC0415
    from wardwatch.risk.site import Site  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415
    from wardwatch_enrichment.risk.policy import Policy  # noqa: PLC0415

    with Store(matching.DATABASE) as store:
        findings.read(store)
        started = time.perf_counter()
        place = Site(store, "bench", matching.NOW)
        rater = risks.rater(place, Policy())
        spent: Counter[str] = Counter()
        for some in chunks(findings.judged(place)):
            spent.update(score(rater, some))
        return {**spent, "whole_seconds": time.perf_counter() - started - spent["bare_seconds"]}


def chunks(judged: Iterable[Judged]) -> Iterator[list[Judged]]:
    """Yield the devices in parts: a million findings have no room in memory at once."""
    rest = iter(judged)
    while some := list(itertools.islice(rest, AT_ONCE)):
        yield some


def score(rater: Rater, some: list[Judged]) -> dict[str, float]:
    """Score the findings of some devices, and build their cases once more in a bare loop."""
    started, busy = time.perf_counter(), time.process_time()
    rated = [rater.rate(around, found) for around, found in some]
    for one in rated:
        rater.whole(one)
    seconds, cpu = time.perf_counter() - started, time.process_time() - busy
    bare = time.perf_counter()
    known = [one for found in rated for one in found]
    made = list(map(told, known))
    busy = time.process_time()
    for values in made:
        type(known[0].case)(**values)
    return {
        "seconds": seconds,
        "cpu": cpu,
        "cases_cpu": time.process_time() - busy,
        "bare_seconds": time.perf_counter() - bare,
        "devices": len(some),
        "findings": len(known),
    }


def told(one: Rated) -> dict[str, Any]:
    """Return what a case is built of."""
    return {field.name: getattr(one.case, field.name) for field in fields(one.case)}


def run_one() -> dict[str, float]:
    """Look at single devices by the whole path: evidence, advisories, judgement, score."""
    from wardwatch.risk import risks  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415
    from wardwatch_enrichment.risk.policy import Policy  # noqa: PLC0415

    with Store(matching.DATABASE, read_only=True) as store:
        wall, cpu = [], []
        for device in sample(store):
            started, busy = time.perf_counter(), time.process_time()
            if risks.of_device(store, device, matching.NOW, Policy()):
                cpu.append(1000 * (time.process_time() - busy))
                wall.append(1000 * (time.perf_counter() - started))
        first = len(wall) // 10  # they read knowledge that is kept
        return {"ms": statistics.median(wall[first:]), "cpu_ms": statistics.median(cpu[first:])}


def sample(store: Store) -> list[Any]:
    """Return devices from all over the site."""
    ids = [device.id for device in store.slight_devices("bench")]
    return list(store.devices_of(ids[:: max(len(ids) // ANEW // 2, 1)]))


def main() -> None:
    """Fill a database, measure both, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DEVICES
    documents = int(sys.argv[2]) if len(sys.argv) > 2 else ADVISORIES
    matching.fill(count, documents)
    fleet, one = (matching.measure(name, __file__) for name in ("fleet", "one"))
    figures = {
        "risk_devices": round(fleet["devices"]),
        "risk_findings": round(fleet["findings"]),
        "risk_seconds_scoring": round(fleet["seconds"], 1),
        "risk_cpu_seconds_scoring": round(fleet["cpu"], 1),
        "risk_cpu_seconds_building_cases": round(fleet["cases_cpu"], 1),
        "risk_ratio_to_building_cases": round(fleet["cpu"] / fleet["cases_cpu"], 1),
        "risk_cpu_us_per_finding": round(1e6 * fleet["cpu"] / fleet["findings"], 1),
        "risk_seconds_with_matching_and_judging": round(fleet["whole_seconds"], 1),
        "risk_peak_mb": round(fleet["peak_mb"]),
        "one_device_ms": round(one["ms"], 1),
        "one_device_cpu_ms": round(one["cpu_ms"], 1),
    }
    matching.keep(figures)
    print("aims: a million findings scored in <= 60 s, one device anew in <= 10 ms")
    matching.DATABASE.unlink()


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        matching.tell(globals()[f"run_{sys.argv[1]}"]())
    else:
        main()
