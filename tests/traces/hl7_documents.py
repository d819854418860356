"""HL7 in XML about an invented patient: messages of version 2 and 3, and clinical documents.

`CANARIES` are unique words about persons and places of a network: none may ever leave a sensor.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

CANARIES = (
    *("CANARYFAMILY-QX9AA", "CANARYGIVEN-QX9AB", "CANARYMRN-QX9AC", "18870315"),
    *("CANARYSTREET-QX9AD", "CANARYPHONE-QX9AE", "CANARYNOTE-QX9AF", "CANARYDOCTOR-QX9AG"),
    *("CANARYNPI-QX9AH", "CANARYIMPLANT-QX9AI", "CANARYADDRESS-QX9AJ", "CANARYGUARDIAN-QX9AK"),
    *("CANARYVALUE-QX9AL", "CANARYOTHERMRN-QX9AM"),
)
(FAMILY, GIVEN, MRN, BORN, STREET, PHONE, NOTE, DOCTOR, NPI, IMPLANT, ADDRESS, GUARDIAN, VALUE,
 OTHER) = CANARIES  # fmt: skip
V2 = "urn:hl7-org:v2xml"
V3 = "urn:hl7-org:v3"
PERSON = f"<name><given>{GIVEN}</given><family>{FAMILY}</family></name>"
PATIENT = f"""<id root="2.999.1" extension="{MRN}"/><addr><streetAddressLine>{STREET}
  </streetAddressLine></addr><telecom value="tel:{PHONE}"/>"""


def version2(er7: str) -> bytes:
    """Return a message in XML, with groups and data types as the package hl7apy knows them."""
    from hl7apy.parser import parse_message  # noqa: PLC0415  tests lack it

    ET.register_namespace("", V2)
    message = parse_message(er7, find_groups=True)
    name = message.name or "ACK"
    root = ET.Element(f"{{{V2}}}{name}")
    _add(root, message, name)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add(parent: ET.Element, node: Any, top: str) -> None:
    """Add what is in a message, group or segment, or the components of a field."""
    for child in node.children:
        name = child.name
        if child.classname == "Group":
            name = f"{top}.{name.removeprefix(top + '_')}"
        elif child.classname != "Segment":
            kind, _, number = name.rpartition("_")
            name = f"{kind}.{number}"
        element = ET.SubElement(parent, f"{{{V2}}}{name}")
        # Texts of no data type are the field's own.
        typed = all(re.fullmatch(r"(?!VARIES)[A-Z]+_[0-9]+", x.name or "") for x in child.children)
        is_text = child.classname == "Field" and not (child.children and typed)
        if is_text or child.classname == "Component":
            element.text = child.to_er7().replace("\\T\\", "&")
        else:
            _add(element, child, top)


def device(identifier: str, model: str, software: str) -> str:
    """Return the device that sends or receives a message of version 3."""
    return f"""<device classCode="DEV" determinerCode="INSTANCE"><id root="2.999.7"
      extension="{identifier}"/><desc>{NOTE}</desc><telecom value="http://{ADDRESS}/pix"/>
      <manufacturerModelName>{model}</manufacturerModelName><softwareName>{software}</softwareName>
      <asAgent classCode="AGNT"><representedOrganization classCode="ORG"
      determinerCode="INSTANCE"><id root="2.999.8"/><name>{NOTE}</name></representedOrganization>
      </asAgent></device>"""


def version3(kind: str, sender: str, receiver: str) -> str:
    """Return a message of version 3 about the patient."""
    return f"""<{kind} ITSVersion="XML_1.0" xmlns="{V3}"><id root="2.999.9" extension="{OTHER}"/>
      <creationTime value="20260115101500"/><interactionId root="2.16.840.1.113883.1.6"
      extension="{kind}"/><processingCode code="P"/><acceptAckCode code="AL"/>
      <receiver typeCode="RCV">{receiver}</receiver><sender typeCode="SND">{sender}</sender>
      <controlActProcess classCode="CACT" moodCode="EVN"><subject typeCode="SUBJ">
      <registrationEvent><subject1 typeCode="SBJ"><patient classCode="PAT">{PATIENT}
      <patientPerson>{PERSON}<birthTime value="{BORN}"/></patientPerson></patient></subject1>
      <custodian><assignedEntity><id extension="{NPI}" root="2.16.840.1.113883.4.6"/>
      <assignedPerson><name>{DOCTOR}</name></assignedPerson></assignedEntity></custodian>
      </registrationEvent></subject></controlActProcess></{kind}>"""


def soap(body: str) -> bytes:
    """Return a SOAP 1.2 message."""
    return f"""<?xml version="1.0" encoding="UTF-8"?><soap:Envelope
      xmlns:soap="http://www.w3.org/2003/05/soap-envelope"
      xmlns:a="http://www.w3.org/2005/08/addressing"><soap:Header><a:To>http://{ADDRESS}/x</a:To>
      </soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>""".encode()


def document(identifier: str, device: str) -> bytes:
    """Return a clinical document that a device wrote, with what else such documents hold."""
    return f"""<?xml version="1.0"?><!-- {NOTE} <author> --><ClinicalDocument xmlns="{V3}"
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><typeId root="2.16.840.1.113883.1.3"
      extension="POCD_HD000040"/><id root="2.999.10" extension="{OTHER}"/><title>{NOTE}</title>
      <recordTarget><patientRole>{PATIENT}<patient>{PERSON}<birthTime value="{BORN}"/><guardian>
      <guardianPerson><name>{GUARDIAN}</name></guardianPerson></guardian></patient></patientRole>
      </recordTarget>
      <author><time value="20260115"/><assignedAuthor><id extension="{NPI}"
      root="2.16.840.1.113883.4.6"/><assignedPerson><name>{DOCTOR}</name></assignedPerson>
      </assignedAuthor></author>
      <author><time value="20260115"/><assignedAuthor>{identifier}<addr nullFlavor="NA"/>
      <telecom value="tel:{PHONE}"/><assignedAuthoringDevice>{device}</assignedAuthoringDevice>
      <representedOrganization><name>{NOTE}</name></representedOrganization></assignedAuthor>
      </author>
      <dataEnterer><assignedEntity><id root="2.999.11" extension="{NPI}"/><assignedPerson><name>
      {DOCTOR}</name></assignedPerson></assignedEntity></dataEnterer>
      <component><structuredBody><component><section><text><paragraph>{NOTE}</paragraph></text>
      <entry><procedure classCode="PROC" moodCode="EVN"><participant typeCode="DEV">
      <participantRole classCode="MANU"><id root="2.16.840.1.113883.3.3719"
      extension="(01)00884838012345(21){IMPLANT}"/><playingDevice><code code="40388003"
      codeSystem="2.16.840.1.113883.6.96"/><manufacturerModelName>{IMPLANT}
      </manufacturerModelName></playingDevice></participantRole></participant></procedure></entry>
      <entry><organizer classCode="CLUSTER" moodCode="EVN"><participant typeCode="DEV">
      <participantRole classCode="MANU"><id root="1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
      assigningAuthorityName="EUI-64" extension="08-00-19-FF-FE-13-45-77"/><playingDevice>
      <code code="69837" codeSystem="2.16.840.1.113883.6.24" displayName="{NOTE}"/>
      <manufacturerModelName>Wardwatch Test Cuff 2</manufacturerModelName></playingDevice>
      </participantRole></participant><component><observation classCode="OBS" moodCode="EVN">
      <value xsi:type="PQ" value="{VALUE}" unit="mm[Hg]"/></observation></component></organizer>
      </entry></section></component></structuredBody></component></ClinicalDocument>""".encode()


HUB = document(
    '<id root="2.999.12" extension="HUB-0815"/>',
    "<manufacturerModelName>Wardwatch &amp; Test Hub</manufacturerModelName>"
    "<softwareName><![CDATA[HubOS 4.2]]></softwareName>",
)
# Without an identifier, and with a name beside the text.
RECORDS = document(
    '<id nullFlavor="NI"/>',
    '<manufacturerModelName displayName="Wardwatch Records"/>'
    '<softwareName displayName="Wardwatch Records 9"/>',
)
CLIENT = device("PIX-SOURCE", "Wardwatch Bedside Manager", "BedMan 2.5")
SERVER = device("PIX-MANAGER", "Wardwatch Index", "Index 11.0")
FEED = soap(version3("PRPA_IN201301UV02", CLIENT, SERVER))
ACCEPTED = soap(version3("MCCI_IN000002UV01", SERVER, CLIENT))
