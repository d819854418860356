"""An invented air handler that speaks BACnet/IP, and a workstation that reads it (bacpypes3).

`serve` answers; `read` looks for devices and reads their properties, one by one and many at once.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace

from bacpypes3.app import Application

INSTANCE = 204_711
IDENTITY = {
    "vendorName": "Wardwatch Test Controls",
    "modelName": "AHU-9000",
    "serialNumber": "AC-0042-7",
    "firmwareRevision": "3.1.4",
    "applicationSoftwareVersion": "OR-2 air 1.0.7",
    "location": "Plant room 2",
}
NAME = "OR2-AHU"
# Free text, which may be about anybody.
CANARY = "CANARYDESCRIPTION-QB7AA"


def application(address: str, name: str, instance: int) -> Application:
    """Make a device of the vendor that stands for none in particular."""
    return Application.from_args(
        Namespace(address=address, name=name, instance=instance, network=0, vendoridentifier=999,
                  foreign=None, ttl=30, bbmd=None)
    )  # fmt: skip


async def serve(address: str) -> None:
    """Announce the device, and answer until killed."""
    app = application(address, NAME, INSTANCE)
    for name, value in IDENTITY.items():
        setattr(app.device_object, name, value)
    app.device_object.description = CANARY
    app.i_am()
    await asyncio.sleep(600)


async def read(address: str) -> None:
    """Find the device and read it."""
    app = application(address, "WORKSTATION", 9)
    [found, *_] = await app.who_is(INSTANCE, INSTANCE, timeout=5)
    device, source = f"device,{INSTANCE}", found.pduSource
    for name in ("object-name", "description", "serial-number"):
        print(await app.read_property(source, device, name))
    names = ["vendor-name", "model-name", "firmware-revision", "application-software-version"]
    everything = [*names, "location", "description", "vendor-identifier", "profile-name"]
    print(await app.read_property_multiple(source, [device, everything]))
    app.close()


if __name__ == "__main__":
    asyncio.run({"serve": serve, "read": read}[sys.argv[1]](sys.argv[2]))
