"""What docs/privacy.md says of narrowing logs on the sensor holds in a real Zeek."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
TRACES = Path(__file__).parents[1] / "traces"


def shown(language: str) -> str:
    """Return the example of the page."""
    text = PAGE.read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return re.sub("^   ", "", str(found), flags=re.MULTILINE)


def test_columns_stay_on_the_sensor_and_the_inventory_is_the_same(run_zeek: Any) -> None:
    capture = TRACES / "dicom-web.pcap"
    plain = run_zeek(capture=capture)
    narrowed = run_zeek(capture=capture, script=shown("zeek"))
    narrowed.assert_quiet()
    assert any("uri" in row for row in plain.rows("http"))
    assert narrowed.rows("http")
    assert not any({"uri", "referrer", "username"} & row.keys() for row in narrowed.rows("http"))
    assert plain.claims()
    assert narrowed.claims() == plain.claims()


# Zeek's own, with those that the page names.
COLUMNS = {
    "HTTP::Info": {"uri", "referrer", "username"},
    "SMB::FileInfo": {"path", "name", "prev_name"},
    "SMB::TreeInfo": {"path"},
    "KRB::Info": {"client"},
    "NTLM::Info": {"username"},
    "RADIUS::Info": {"username"},
    "FTP::Info": {"user"},
    "RDP::Info": {"cookie"},
    "DHCP::Info": {"host_name", "client_fqdn"},
    "DNS::Info": {"query"},
    "SMTP::Info": {"mailfrom", "rcptto", "subject", "from", "to"},
}


@pytest.mark.parametrize("record", COLUMNS)
def test_named_columns_are_in_zeeks_logs(run_zeek: Any, record: str) -> None:
    script = (
        f"event zeek_init() {{ for ( name, field in record_fields({record}) ) "
        'if ( field$log ) print fmt("column %s", name); }'
    )
    told = set(re.findall(r"^column (\w+)$", run_zeek(script=script).output, re.MULTILINE))
    assert COLUMNS[record] <= told
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text or f'"{name}"' in text for name in COLUMNS[record])


def test_role_is_what_the_role_api_takes() -> None:
    role = json.loads(shown("json"))
    assert role.keys() == {"cluster", "indices", "applications", "run_as"}
    for one in role["indices"]:
        assert set(one["privileges"]) <= {"read", "view_index_metadata"}
        assert all(name.startswith("logs-iomt") for name in one["names"])
