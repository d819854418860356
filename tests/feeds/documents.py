"""Documents of feeds in a line, in the forms that their publishers use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from wardwatch.feeds.take import Report

Taking = Callable[..., Report]
CASES = Path(__file__).parents[1] / "advisories"
DOCUMENTS = [
    path
    for source in ("eol", "epss", "kev", "openfda", "ssvc", "vex")
    for path in sorted((CASES / source).iterdir())
    if not path.name.endswith(".expected.json")
]
PUBLIC = Path(__file__).parents[3] / "shared" / "data"
CSAF = "csaf psirt.example.com"


def advisory(name: str, released: str = "2026-11-01", **more: object) -> bytes:
    """Return a CSAF document of an invented publisher."""
    time = f"{released}T12:00:00Z"
    return json.dumps({
        "document": {
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "title": f"Example pump {name}",
            "publisher": {
                "category": "vendor", "name": "Example", "namespace": "https://psirt.example.com",
            },
            "tracking": {
                "id": name, "status": "final", "version": "1", "initial_release_date": time,
                "current_release_date": time,
                "revision_history": [{"date": time, "number": "1", "summary": "First"}],
            },
            **more,
        },
        "product_tree": {"branches": [{"category": "vendor", "name": "Example", "branches": [
            {"category": "product_name", "name": "Pump", "branches": [
                {"category": "product_version_range", "name": "< 3.2",
                 "product": {"name": "Pump < 3.2", "product_id": "P1"}}
            ]}
        ]}]},
        "vulnerabilities": [{
            "cve": "CVE-2099-10001",
            "notes": [{"category": "summary", "text": "Telnet without a password."}],
            "product_status": {"known_affected": ["P1"]},
        }],
    }).encode()  # fmt: skip


def catalogue(released: str, *cves: str, version: str = "1") -> bytes:
    """Return a catalogue of exploited vulnerabilities."""
    entries = [{"cveID": cve, "dateAdded": released} for cve in cves]
    return json.dumps({
        "catalogVersion": version,
        "dateReleased": f"{released}T00:00:00Z",
        "count": len(entries),
        "vulnerabilities": entries,
    }).encode()  # fmt: skip
