"""A device in the words of the Elastic Common Schema, https://www.elastic.co/docs/reference/ecs.

`host.*` is the device on the network, `device.*` the equipment. Only documents speak it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

from wardwatch.documents.bounds import Cut
from wardwatch_enrichment.model import Device

_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", re.IGNORECASE)


def of_device(device: Device, cut: Cut) -> dict[str, object]:
    """Return what other programs on the same data have a name for, too."""
    return {
        "observer": {"name": cut.texts(_sensors(device))},
        "host": {
            "name": cut.text(device.hostname),
            "ip": addresses(device.ips, cut),
            "mac": cut.texts(_macs(device.macs)),
            "os": {"full": cut.text(device.os)},
        },
        "device": {
            "id": device.id,
            "manufacturer": cut.text(device.manufacturer),
            "model": {"name": cut.text(device.model)},
            "serial_number": cut.text(device.serial_number),
        },
        "related": {
            "ip": addresses((*device.ips, *device.via), cut),
            "hosts": cut.texts(_distinct((device.hostname, *device.names))),
        },
    }


def _sensors(device: Device) -> list[str]:
    """Return the sensors that a device's evidence comes from."""
    return sorted({e.sensor for a in device.attributes for e in a.evidence})


def _macs(macs: Iterable[str]) -> list[str]:
    """Return hardware addresses in the form that ECS demands: upper case, with hyphens."""
    return [mac.upper().replace(":", "-") for mac in macs if _MAC.fullmatch(mac)]


def addresses(values: Iterable[str], cut: Cut) -> list[str]:
    """Return what an `ip` field takes; one other string would reject the whole document."""
    return cut.items(_distinct(address(value) for value in values))


@lru_cache(maxsize=1 << 12)  # a device's own stand in several places
def address(text: str) -> str | None:
    """Return what an `ip` field takes, None where the text is no address."""
    try:
        return str(ip_address(text.partition("%")[0]))  # a zone is no part of an address
    except ValueError:
        return None


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value is not None))
