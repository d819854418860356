"""What a running connector says of itself: a problem lasts as long as there is one."""

from __future__ import annotations

from pathlib import Path

from wardwatch.config import load
from wardwatch.running.loop import Running
from wardwatch.store import Store

ROW = '{"ts":1000,"uid":"C1","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.8","conn_state":"SF"}\n'


def test_logs_that_come_later_are_missed_only_until_then(tmp_path: Path) -> None:
    """Told once, not in each cycle; and `status` does not warn of it for ever."""
    logs, settings = tmp_path / "logs", tmp_path / "north.toml"
    told: list[str] = []
    settings.write_text(f'[site]\nname = "north"\n[run]\nlogs = ["{logs}"]\n')
    logs.mkdir()
    with Store(tmp_path / "north.db") as store:
        running = Running(store, load(settings, {}), told.append, {})
        running.cycle()
        running.cycle()
        assert running.health.problems == told
        assert len(told) == 1
        assert "holds no Zeek logs" in told[0]
        (logs / "conn.log").write_text(ROW)
        running.cycle()
        assert running.health.rows == 1
        assert not running.health.problems
