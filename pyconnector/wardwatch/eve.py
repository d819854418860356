"""What the records of Suricata's eve.json have in common.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html
A record is typed by its parser with no more than what that reads: what is not read (URLs, users,
payload) is neither kept as evidence nor shown.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Vlan = Annotated[int, msgspec.Meta(ge=0, le=4095)]


class Record(msgspec.Struct, gc=False, omit_defaults=True, tag_field="event_type"):
    """What stands in every record; one that is not about IP has no addresses."""

    ts: float | str = msgspec.field(name="timestamp")
    src_ip: str = ""
    dest_ip: str = ""
    flow_id: int | None = None
    vlan: list[Vlan] | None = None

    @property
    def uid(self) -> str | None:
        """The flow, by which all records of it are found."""
        return None if self.flow_id is None else str(self.flow_id)

    @property
    def outer_vlan(self) -> int | None:
        """The VLAN that the packets came with."""
        return self.vlan[0] if self.vlan else None
