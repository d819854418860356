"""Copy the example site's logs as if they had been written today.

What was seen speaks for some time only: for a sensor that fell silent a day ago, Wardwatch says
that it cannot tell. So the demonstration moves all times by the same span, up to now; nothing else
is changed. `python examples/today.py examples/hospital build/hospital`
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

EPOCH = re.compile(r'(?<=[{,])("(?:ts|first|last)":)(\d+(?:\.\d+)?)')  # Zeek's times
STAMP = re.compile(r'("(?:timestamp|start|end)":")([0-9T:.-]+)(?=\+0000")')  # Suricata's
MARGIN = 5.0  # a log of the future is not believed


def times(text: str) -> Iterator[float]:
    """Yield when the lines of a log were written, as epoch seconds."""
    yield from (float(found[2]) for found in EPOCH.finditer(text))
    yield from (_read(found[2]).timestamp() for found in STAMP.finditer(text))


def moved(text: str, span: float) -> str:
    """Return the lines of a log as written so many seconds later."""
    text = EPOCH.sub(lambda found: f"{found[1]}{float(found[2]) + span:.6f}", text)
    later = timedelta(seconds=span)
    return STAMP.sub(
        lambda found: found[1] + f"{_read(found[2]) + later:%Y-%m-%dT%H:%M:%S.%f}", text
    )


def _read(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC)


def main(source: Path, target: Path) -> None:
    """Move them all by the same span."""
    logs = {path: path.read_text(encoding="utf-8") for path in sorted(source.rglob("*.*"))}
    span = time.time() - MARGIN - max(when for text in logs.values() for when in times(text))
    shutil.rmtree(target, ignore_errors=True)
    for path, text in logs.items():
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(moved(text, span), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
