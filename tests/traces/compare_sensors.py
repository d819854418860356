"""Print which attributes of the example site each sensor found: from how many devices, and alike.

Both examples were written from the same captures, by Zeek with our scripts and by Suricata with our
rules. A value counts as found by both where both say it of the device at the same address.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from wardwatch.pipeline import Ingest, inventory
from wardwatch.scope import Scope
from wardwatch.store import Store

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SENSORS = {"Zeek": EXAMPLES / "hospital", "Suricata": EXAMPLES / "hospital-suricata"}
Found = dict[str, set[tuple[str, str]]]  # of each attribute: address and value


def found(logs: Path) -> tuple[Found, int]:
    """What a sensor's logs say of the devices that have an address, and how many devices."""
    said: Found = defaultdict(set)
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "w.db") as store:
        run = Ingest(store, site="hospital", sensor="s1", scope=Scope())
        report = run.run(run.find([logs]))
        if report.failed:
            sys.exit("\n".join(report.problems))
        devices = inventory(store)
    for device in devices:
        for attribute in device.attributes:
            at = next(iter(device.ips), f"via {next(iter(device.via), '')}")
            if attribute.current:
                said[attribute.name].add((at, attribute.value))
    return said, len(devices)


def main() -> None:
    """Print the table."""
    (by_zeek, zeek), (by_suricata, suricata) = (found(logs) for logs in SENSORS.values())
    print(f"{'attribute':32} {'Zeek':>6} {'Suricata':>9} {'both':>6}")
    print(f"{'devices':32} {zeek:6} {suricata:9}")
    for name in sorted(by_zeek | by_suricata):
        one, other = by_zeek.get(name, set()), by_suricata.get(name, set())
        print(f"{name:32} {len(one):6} {len(other):9} {len(one & other):6}")


if __name__ == "__main__":
    main()
