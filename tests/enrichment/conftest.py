"""Claims as a DICOM dataset makes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wardwatch_enrichment.model import Claim

Claiming = Callable[..., Claim]


@pytest.fixture
def dataset(claim: Claiming) -> Callable[..., list[Claim]]:
    """Return a function that makes the claims of one dataset: from, to, and its tags."""

    def make(
        sender: str,
        receiver: str | None,
        maker: str | None,
        model: str | None,
        serial: str | None,
        *,
        station: str | None = None,
        modality: str = "CT",
        ts: float = 1000.0,
        last: float | None = None,
    ) -> list[Claim]:
        subject = f"dicom:{maker}-{model}-{serial}-{station}"
        tags = {
            "manufacturer": maker,
            "manufacturer_model_name": model,
            "device_serial_number": serial,
            "station_name": station,
            "modality": modality,
        }
        claims = [
            claim(sender, f"dicom.{name}", value, subject=subject, ts=ts, last=last)
            for name, value in tags.items()
            if value
        ]
        if receiver:
            claims += [
                claim(receiver, "dicom.received", "C-STORE", subject=subject, ts=ts, last=last),
                claim(receiver, "dicom.store_scp", "1.2.840.10008.5.1.4.1.1.2", ts=ts, last=last),
            ]
        return claims

    return make
