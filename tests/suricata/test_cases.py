"""Each case, held against a real Suricata."""

from __future__ import annotations

import json

import pytest
from suricata.engine import Case, cases, events, matches


@pytest.mark.usefixtures("suricata")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.slug)
def test_case(case: Case) -> None:
    """As many records as each check counts."""
    written = events(case.capture, rules=case.rules, args=case.args)
    for check in case.checks:
        found = [event for event in written if matches(event, check.match)]
        kind = check.match.get("event_type")
        near = [json.dumps(event) for event in written if event["event_type"] == kind]
        assert len(found) == check.count, "\n".join([f"{check}", *near])
