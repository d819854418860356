"""Rows of iomt_asset.log as a sensor writes them."""

from __future__ import annotations

import json

ASSET = (
    '{{"ts":{ts},"uid":"C1","host":"{host}","mac":"02:00:00:00:00:01","subject":"dicom:aa",'
    '"field":"{field}","value":{value},"source":"dicom"}}\n'
)


def asset(host: str, ts: float = 1000.0, **tags: str) -> str:
    """Return iomt_asset rows of one dataset."""
    return "".join(
        ASSET.format(ts=ts, host=host, field=f"dicom.{name}", value=json.dumps(value))
        for name, value in tags.items()
    )


CT = asset(
    "10.0.0.1", manufacturer="GE", manufacturer_model_name="LightSpeed",
    device_serial_number="77", software_versions="1.0", modality="CT",
)  # fmt: skip
