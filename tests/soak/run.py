"""`make soak`: every fault for longer, with figures: what was lost, doubled, needed, and how long.

Prints a table and writes build/soak.json. `python tests/soak/run.py 50 kills full-disk` does as
many rounds of these alone. Ends with 1 where something was lost, doubled, or took too much.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import _pytest.outcomes
from soak import faults

MEMORY = 600 << 20
TARGET = Path(__file__).parents[2] / "build" / "soak.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a fault did, over all rounds. `reason` says why it did not run, or what went wrong."""

    fault: str
    rounds: int
    lost: int = 0
    doubled: int = 0
    peak_mb: float = 0.0
    recovered_s: float = 0.0
    took_s: float = 0.0
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it ran, and did no harm."""
        harmless = not self.lost and not self.doubled and self.peak_mb * 1e6 < MEMORY
        return harmless and not self.reason


def measured(name: str, fault: Callable[[Path], faults.Outcome], rounds: int) -> Figures:
    """Make a fault so many times."""
    found: list[faults.Outcome] = []
    reason, began = "", time.monotonic()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
            try:
                found.append(fault(Path(folder)))
            except _pytest.outcomes.Skipped as error:
                reason = str(error)
                break
            except (AssertionError, OSError) as error:
                reason = f"round {len(found) + 1}: {error!s:.300}"
                break
    return Figures(
        fault=name,
        rounds=len(found),
        lost=sum(one.lost for one in found),
        doubled=sum(one.doubled for one in found),
        peak_mb=round(max((one.peak for one in found), default=0) / 1e6, 1),
        recovered_s=round(max((one.seconds for one in found), default=0.0), 1),
        took_s=round(time.monotonic() - began, 1),
        reason=reason,
    )


def main(rounds: int, names: list[str]) -> int:
    """Make all faults, or those that are named."""
    print(f"{'fault':<20} rounds   lost doubled  peak MB  recovered s  took s")
    every: list[Figures] = []
    for name, (fault, share) in faults.FAULTS.items():
        if names and name not in names:
            continue
        one = measured(name, fault, max(1, round(rounds * share)))
        every.append(one)
        print(
            f"{one.fault:<20} {one.rounds:>6} {one.lost:>6} {one.doubled:>7} {one.peak_mb:>8}"
            f" {one.recovered_s:>12} {one.took_s:>7}  {one.reason}",
            flush=True,
        )
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps([asdict(one) for one in every], indent=1) + "\n")
    return 0 if all(one.is_good for one in every) else 1


if __name__ == "__main__":
    count, *chosen = sys.argv[1:] or ["50"]
    sys.exit(main(int(count), chosen))
