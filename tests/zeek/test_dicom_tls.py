"""DICOM over TLS: a fact where ALPN says so, a hint where only the port does, else nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CAPTURE = Path(__file__).parents[1] / "traces" / "dicom-tls.pcap"
ARCHIVE, MODALITY, OFFICE = (f"10.20.1.{n}" for n in range(11, 14))


def test_capture(run_zeek: Any) -> None:
    """A store at the registered port; ALPN in TLS 1.2 and 1.3; the web beside it is not DICOM."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    assert run.claims("dicom.") == {
        (ARCHIVE, "dicom.tls", "server, port hint"),
        (ARCHIVE, "dicom.tls", "server by ALPN"),
        (OFFICE, "dicom.tls", "client by ALPN"),
        (ARCHIVE, "dicom.tls_server_name", "pacs.hospital.example"),
    }
    by_port: dict[int, int] = {}
    for row in run.rows("ssl"):
        by_port[row["id.resp_p"]] = by_port.get(row["id.resp_p"], 0) + row["established"]
    assert by_port == {2762: 1, 11112: 1, 11113: 1, 11114: 1}
    assert not run.rows("dicom")
    # The certificate is everybody's evidence.
    assert (ARCHIVE, "tls.name", "pacs.hospital.example") in run.claims("tls.")


def test_where_it_is_seen(run_zeek: Any) -> None:
    """Each claim comes from a connection that shows it, and the web's shows nothing."""
    run = run_zeek(capture=CAPTURE)
    ports = {
        (row["field"], row["value"], row["id.resp_p"])
        for row in run.rows("iomt_asset")
        if row["source"] == "dicom"
    }
    assert ("dicom.tls", "server, port hint", 2762) in ports
    assert {port for field, value, port in ports if "ALPN" in value} == {11112}
    assert not [entry for entry in ports if entry[2] == 11114]
