"""IEEE 11073 SDC on sdc11073, Philips Data Export, and BACnet/IP on bacpypes3."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import time
import uuid
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import bacnet_peer
import intellivue_monitor
from accuracy.stage import Turn, inside, listening, staying
from sdc11073.consumer.consumerimpl import SdcConsumer
from sdc11073.location import SdcLocation
from sdc11073.mdib.consumermdib import ConsumerMdib
from sdc11073.mdib.providermdib import ProviderMdib
from sdc11073.provider.providerimpl import SdcProvider
from sdc11073.wsdiscovery import WSDiscovery
from sdc11073.xml_types.dpws_types import ThisDeviceType, ThisModelType

MDIB = """<?xml version="1.0" encoding="UTF-8"?>
<msg:GetMdibResponse SequenceId="urn:oid:1"
  xmlns:msg="http://standards.ieee.org/downloads/11073/11073-10207-2017/message"
  xmlns:pm="http://standards.ieee.org/downloads/11073/11073-10207-2017/participant"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <msg:Mdib SequenceId="urn:oid:1">
  <pm:MdDescription>
   <pm:Mds Handle="mds0" SafetyClassification="MedB">
    {type}
    <pm:MetaData>{metadata}</pm:MetaData>
    <pm:SystemContext Handle="sc"><pm:LocationContext Handle="lc"/></pm:SystemContext>
    <pm:Vmd Handle="vmd0"/>
   </pm:Mds>
  </pm:MdDescription>
  <pm:MdState>
   <pm:State xsi:type="pm:SystemContextState" DescriptorHandle="sc"/>
   <pm:State xsi:type="pm:MdsState" DescriptorHandle="mds0"/>
   <pm:State xsi:type="pm:VmdState" DescriptorHandle="vmd0"/>
  </pm:MdState>
 </msg:Mdib>
</msg:GetMdibResponse>
"""
NOMENCLATURE = "urn:oid:1.2.840.10004.1.1.1.0.0.1"
EXPORT_PORT, BACNET_PORT = 24105, 47808


def sdc(turn: Turn) -> None:
    """Announce and serve the device; a station finds it and reads it, unless told otherwise."""
    for values in turn.steps:
        endpoint = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, turn.persona.id)}"
        staying(turn.host, _provide, turn.host.ip, endpoint, values)
        time.sleep(3)
        if values.get("read", True):
            inside(turn.stage.reader, _consume, turn.stage.reader.ip, endpoint)


def _provide(address: str, endpoint: str, values: dict[str, Any]) -> None:
    logging.disable(logging.CRITICAL)
    code = values.get("code")
    kind = f"<pm:Type Code={quoteattr(str(code))} CodingSystem={quoteattr(NOMENCLATURE)}/>"
    said = {"Manufacturer": values["manufacturer"], "ModelName": values["model"],
            "ModelNumber": values.get("number"), "SerialNumber": values.get("serial")}  # fmt: skip
    metadata = "".join(f"<pm:{k}>{escape(str(v))}</pm:{k}>" for k, v in said.items() if v)
    mdib = MDIB.format(type=kind if code else "", metadata=metadata)
    with WSDiscovery(address) as discovery:
        model = ThisModelType(values["manufacturer"], values.get("url", ""), values["model"],
                              values.get("number", ""), "", "")  # fmt: skip
        device = ThisDeviceType(values.get("name", values["model"]), values.get("software", ""),
                                values.get("serial", ""))  # fmt: skip
        provider = SdcProvider(discovery, model, device, ProviderMdib.from_string(mdib.encode()),
                               epr=endpoint)  # fmt: skip
        provider.start_all(start_rtsample_loop=False)
        provider.set_location(SdcLocation(fac="HOSP", poc="ICU 3", bed="7"))
        time.sleep(600)


def _consume(address: str, endpoint: str) -> None:
    logging.disable(logging.CRITICAL)
    with WSDiscovery(address) as discovery:
        found = [s for s in discovery.search_sdc_services(timeout=3) if s.epr == endpoint]
        consumer = SdcConsumer.from_wsd_service(found[0], ssl_context_container=None)
        consumer.start_all()
        ConsumerMdib(consumer).init_mdib()
        consumer.stop_all()


def intellivue(turn: Turn) -> None:
    """Broadcast Connect Indications; a collector may ask for an association."""
    for values in turn.steps:
        inside(turn.host, _indicate, turn.persona.mac, turn.host.ip, turn.stage.broadcast, values)
        if values.get("collect", True):
            staying(turn.host, _monitor, turn.host.ip, values)
            listening(turn.host, EXPORT_PORT, udp=True)
            inside(turn.stage.reader, intellivue_monitor.collect, turn.host.ip)


def _dress(values: dict[str, Any]) -> None:
    intellivue_monitor.MAKER = values.get("manufacturer", "Philips")
    intellivue_monitor.MODEL = values["model"]
    intellivue_monitor.SERIAL = values["serial"]
    intellivue_monitor.BED = values.get("bed", "ICU 7")
    intellivue_monitor.SOFTWARE = tuple(values["software"])
    intellivue_monitor.CANARIES = ("Doe", "Jamie", "P4711", "STALE0000")


def _indicate(mac: str, address: str, broadcast: str, values: dict[str, Any]) -> None:
    _dress(values)
    intellivue_monitor.indicate(mac, address, broadcast)


def _monitor(address: str, values: dict[str, Any]) -> None:
    _dress(values)
    intellivue_monitor.serve(address)


def bacnet(turn: Turn) -> None:
    """Announce the device, and let a workstation read it."""
    for values in turn.steps:
        staying(turn.host, _controller, f"{turn.host.ip}/16", values)
        listening(turn.host, BACNET_PORT, udp=True)
        reader = f"{turn.stage.reader.ip}/16"
        inside(turn.stage.reader, _workstation, reader, values["instance"], patience=120)


def _controller(address: str, values: dict[str, Any]) -> None:
    async def serve() -> None:
        app = bacnet_peer.application(address, values["name"], values["instance"])
        device = app.device_object
        device.vendorIdentifier = values["vendor_id"]
        for name, key in (("vendorName", "manufacturer"), ("modelName", "model"),
                          ("firmwareRevision", "firmware"), ("serialNumber", "serial"),
                          ("applicationSoftwareVersion", "software")):  # fmt: skip
            if values.get(key):
                setattr(device, name, values[key])
        app.i_am()
        await asyncio.sleep(600)

    asyncio.run(serve())


def _workstation(address: str, instance: int) -> None:
    async def read() -> None:
        app = bacnet_peer.application(address, "WORKSTATION", 9)
        found = await app.who_is(instance, instance, timeout=2)
        names = ("vendor-name", "model-name", "firmware-revision", "vendor-identifier",
                 "application-software-version", "object-name")  # fmt: skip
        for name in names:
            await app.read_property(found[0].pduSource, f"device,{instance}", name)
        app.close()

    with Path("bacnet.lock").open("w") as lock:  # all workstations share one port
        fcntl.flock(lock, fcntl.LOCK_EX)
        asyncio.run(read())
