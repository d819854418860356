"""What one round over a site costs: over all devices, over those with news, and without any."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wardwatch.risk import recording
from wardwatch.risk.assessing import Assessing
from wardwatch.store import Store
from wardwatch_enrichment.risk.policy import Policy

SITE = "hospital"


class Timed(Store):
    """A store that knows how long its longest transaction was."""

    longest = 0.0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Take effect together, and look at the clock."""
        with super().transaction():
            began = time.perf_counter()
            yield
        self.longest = max(self.longest, time.perf_counter() - began)


def main() -> None:
    """Measure on the database that is named."""
    found: dict[str, float] = {}
    with Timed(Path(sys.argv[1])) as store:
        devices = store.slight_devices(SITE)
        now = max((run.at for run in store.runs(SITE)), default=0.0) // 86_400 * 86_400 + 86_460
        assessing = Assessing(store, SITE, Policy())
        hosts = {ip for device in devices[:: max(len(devices) // 100, 1)] for ip in device.ips}
        for number, (name, news) in enumerate(
            (("first", set()), ("no_news", set()), ("hundred", hosts))
        ):
            with store.transaction():
                store.touch(SITE, news)
            store.longest, judged, began = 0.0, assessing.judged, time.process_time()
            for _ in assessing.round(now + number * 300):
                pass
            found[f"assess_{name}_cpu_seconds"] = round(time.process_time() - began, 2)
            found[f"assess_{name}_devices"] = assessing.judged - judged
            found[f"assess_{name}_lock_seconds"] = round(store.longest, 3)
        began = time.process_time()
        recording.record(store, SITE, now + 3_000, Policy())
        found["assess_all_cpu_seconds"] = round(time.process_time() - began, 2)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
