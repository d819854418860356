"""Writes the demo site's logs as a sensor does: in bursts, with half lines, rotated and packed."""

from __future__ import annotations

import gzip
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

HOSPITAL = Path(__file__).parents[2] / "examples" / "hospital"
HALF = 0.02  # seconds for which a line stays half-written


def bursts(count: int) -> list[dict[str, list[str]]]:
    """Return the lines of all logs by their name, in order of time and in some bursts.

    A burst ends where nothing was written for a while, as a network has it.
    """
    lines: list[tuple[float, str, str]] = []
    for path in sorted(HOSPITAL.rglob("*.log")):
        told = path.read_text().splitlines()
        lines += [(json.loads(line)["ts"], path.name, line) for line in told]
    lines.sort(key=lambda one: one[0])
    pauses = sorted(range(1, len(lines)), key=lambda at: lines[at][0] - lines[at - 1][0])
    cuts = [0, *sorted(pauses[-(count - 1) :]), len(lines)]
    found = []
    for start, end in pairwise(cuts):
        burst: defaultdict[str, list[str]] = defaultdict(list)
        for _, name, line in lines[start:end]:
            burst[name].append(line)
        found.append(dict(burst))
    return found


class Sensor(threading.Thread):
    """Writes all bursts into a directory, which it makes late, and rotates in between."""

    def __init__(self, directory: Path, *, count: int, seconds: float, seed: int) -> None:
        super().__init__()
        self._directory, self._bursts = directory, bursts(count)
        self._pause = seconds / count
        self._random = random.Random(seed)  # noqa: S311  no secret
        self._hour = 0

    def run(self) -> None:
        """Write everything once."""
        time.sleep(self._pause)
        current = self._directory / "current"
        current.mkdir(parents=True)
        for number, burst in enumerate(self._bursts):
            for name, lines in burst.items():
                self._write(current / name, lines)
            if number % 7 == 3:
                self._rotate(current.glob("*.log"))
            time.sleep(self._random.uniform(0.8, 1.4) * self._pause)

    def _write(self, path: Path, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        cut = self._random.randrange(len(text))
        with path.open("a", encoding="utf-8") as file:
            file.write(text[:cut])
            file.flush()
            time.sleep(HALF)
            file.write(text[cut:])

    def _rotate(self, paths: Iterable[Path]) -> None:
        self._hour += 1
        for path in paths:
            folder = self._directory / f"2026-11-{self._hour:02d}"
            folder.mkdir(exist_ok=True)
            name = f"{path.stem}.{self._hour:02d}:00:00-{self._hour + 1:02d}:00:00.log"
            rotated = path.rename(folder / name)
            if self._random.random() < 0.7:
                packed = folder / f"{name}.gz"
                packed.write_bytes(gzip.compress(rotated.read_bytes()))
                rotated.unlink()
