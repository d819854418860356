"""An invented ventilator that speaks IEEE 11073 SDC, and a consumer that reads it (sdc11073).

`provide` announces and serves the device, with an invented patient in its context; `provide-parts`
one that tells how it and its modules were produced; `consume` looks for it, reads its metadata and
its description, and subscribes. All of it without TLS.
"""

from __future__ import annotations

import sys
import time

from sdc11073.consumer.consumerimpl import SdcConsumer
from sdc11073.location import SdcLocation
from sdc11073.mdib.consumermdib import ConsumerMdib
from sdc11073.mdib.providermdib import ProviderMdib
from sdc11073.provider.providerimpl import SdcProvider
from sdc11073.wsdiscovery import WSDiscovery
from sdc11073.xml_types.dpws_types import ThisDeviceType, ThisModelType

ENDPOINT = "5d7a1f52-0c4e-4b7e-9a3f-20c0ffee0042"
MANUFACTURER, MODEL, NUMBER = "Wardwatch Test & Ventilation", "BreatheWell 9", "BW-9000"
SERIAL, FIRMWARE, NAME = "BW9-004711", "4.2.1-b7", "ICU 3 ventilator"
UDI = "(01)04012345678901(21)BW9-004711"
LOCATION = {"fac": "HOSP", "poc": "ICU 3", "bed": "Bed/07"}
# Nothing of these may leave a sensor.
CANARIES = (
    *("CANARYGIVEN-QS7AA", "CANARYFAMILY-QS7AB", "CANARYPATID-QS7AC", "1887-01-13"),
    *("CANARYVALIDATOR-QS7AD", "CANARYNOTE-QS7AE"),
)
MDIB = f"""<?xml version="1.0" encoding="UTF-8"?>
<msg:GetMdibResponse SequenceId="urn:oid:1"
  xmlns:msg="http://standards.ieee.org/downloads/11073/11073-10207-2017/message"
  xmlns:pm="http://standards.ieee.org/downloads/11073/11073-10207-2017/participant"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <msg:Mdib SequenceId="urn:oid:1">
  <pm:MdDescription>
   <pm:Mds Handle="mds0" SafetyClassification="MedB">
    <pm:Type Code="70001" CodingSystem="urn:oid:1.2.840.10004.1.1.1.0.0.1"/>
    <pm:MetaData>
     <pm:Udi>
      <pm:DeviceIdentifier>04012345678901</pm:DeviceIdentifier>
      <pm:HumanReadableForm>{UDI}</pm:HumanReadableForm>
      <pm:Issuer Root="1.3.160"/>
     </pm:Udi>
     <pm:Manufacturer>Wardwatch Test &amp; Ventilation</pm:Manufacturer>
     <pm:ModelName>{MODEL}</pm:ModelName>
     <pm:ModelNumber>{NUMBER}</pm:ModelNumber>
     <pm:SerialNumber>{SERIAL}</pm:SerialNumber>
    </pm:MetaData>
    <pm:SystemContext Handle="sc">
     <pm:PatientContext Handle="pc"/>
     <pm:LocationContext Handle="lc"/>
    </pm:SystemContext>
    <pm:Vmd Handle="vmd0">
     <pm:Type Code="70002">
      <pm:ConceptDescription Lang="en">{CANARIES[5]}</pm:ConceptDescription>
     </pm:Type>
    </pm:Vmd>
   </pm:Mds>
  </pm:MdDescription>
  <pm:MdState>
   <pm:State xsi:type="pm:SystemContextState" DescriptorHandle="sc"/>
   <pm:State xsi:type="pm:MdsState" DescriptorHandle="mds0"/>
   <pm:State xsi:type="pm:VmdState" DescriptorHandle="vmd0"/>
   <pm:State xsi:type="pm:PatientContextState" DescriptorHandle="pc" Handle="pc.1"
     ContextAssociation="Assoc">
    <pm:Validator Root="urn:oid:2.25.1" Extension="{CANARIES[4]}"/>
    <pm:Identification Root="urn:oid:2.25.2" Extension="{CANARIES[2]}"/>
    <pm:CoreData>
     <pm:Givenname>{CANARIES[0]}</pm:Givenname>
     <pm:Familyname>{CANARIES[1]}</pm:Familyname>
     <pm:DateOfBirth>{CANARIES[3]}</pm:DateOfBirth>
    </pm:CoreData>
   </pm:State>
  </pm:MdState>
 </msg:Mdib>
</msg:GetMdibResponse>
"""

# Production specifications: of the device, of its first module, and of a channel in that.
SPECIFICATIONS = {
    "mds0": (
        *((531969, "NOT-THE-MODEL"), (531970, "NOT-THE-MAKER"), (531972, "NOT-THE-SERIAL")),
        *((531973, "PN-5500"), (531974, "HW C.2"), (531975, "SW 7.1"), (531975, "Apps 3.0")),
        *((531976, "FW 1.9"), (531971, CANARIES[5]), (70001, CANARIES[4])),
    ),
    "vmd0": ((531972, "MODULE-77"), (531975, "SW 0.4"), (531974, "HW A"), (531969, "Gas module")),
    "chan0": ((531976, "FW 0.0.3"),),
}


def specified(handle: str) -> str:
    """Return the production specifications of a component."""
    return "".join(
        f"""<pm:ProductionSpecification><pm:SpecType Code="{code}"><pm:ConceptDescription
        Lang="en">{CANARIES[5]}</pm:ConceptDescription></pm:SpecType><pm:ProductionSpec>{text}
        </pm:ProductionSpec><pm:ComponentId Root="urn:oid:2.25.3" Extension="{CANARIES[4]}"/>
        </pm:ProductionSpecification>"""
        for code, text in SPECIFICATIONS[handle]
    )


def with_parts() -> str:
    """Return the description with specifications, a channel and a second module."""
    channel = f"""<pm:Channel Handle="chan0"><pm:Type Code="70003"/>{specified("chan0")}
      </pm:Channel>"""
    second = '<pm:Vmd Handle="vmd1"><pm:Type Code="70006"/></pm:Vmd>'
    states = "".join(
        f'<pm:State xsi:type="pm:{kind}State" DescriptorHandle="{handle}"/>'
        for kind, handle in (("Channel", "chan0"), ("Vmd", "vmd1"))
    )
    return (
        MDIB.replace("<pm:MetaData>", specified("mds0") + "<pm:MetaData><!-- <pm:Vmd> -->")
        .replace("   </pm:Type>\n    </pm:Vmd>", "   </pm:Type></pm:Vmd>")
        .replace("</pm:Type></pm:Vmd>", f"</pm:Type>{specified('vmd0')}{channel}</pm:Vmd>{second}")
        .replace("</pm:Udi>", "</pm:Udi><pm:LotNumber>LOT-9</pm:LotNumber>")
        .replace("<pm:MdState>", f"<pm:MdState>{states}")
    )


def provide(address: str, mdib: str = MDIB) -> None:
    """Announce and serve the device until killed."""
    with WSDiscovery(address) as discovery:
        model = ThisModelType(MANUFACTURER, "http://device.example", MODEL, NUMBER,
                              "http://device.example/m", "http://device.example/p")  # fmt: skip
        provider = SdcProvider(
            discovery, model, ThisDeviceType(NAME, FIRMWARE, SERIAL),
            ProviderMdib.from_string(mdib.encode()), epr=f"urn:uuid:{ENDPOINT}",
        )  # fmt: skip
        provider.start_all(start_rtsample_loop=False)
        provider.set_location(SdcLocation(**LOCATION))
        time.sleep(600)


def consume(address: str) -> None:
    """Find the device and read all that it tells."""
    with WSDiscovery(address) as discovery:
        [service, *_] = discovery.search_sdc_services(timeout=5)
        consumer = SdcConsumer.from_wsd_service(service, ssl_context_container=None)
        consumer.start_all()
        mdib = ConsumerMdib(consumer)
        mdib.init_mdib()
        states = mdib.context_states.objects
        print([state.CoreData.Familyname for state in states if hasattr(state, "CoreData")])
        consumer.stop_all()


if __name__ == "__main__":
    does = {"provide": provide, "consume": consume}
    does["provide-parts"] = lambda address: provide(address, with_parts())
    does[sys.argv[1]](*sys.argv[2:])
