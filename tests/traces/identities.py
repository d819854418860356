"""Write identities.yaml: what each station of the captures says of itself or of its devices.

Taken from the words that the generators send, never from what a dissector found. Needs nothing but
Python and PyYAML: constants of stations on a package that may not be there are read, not imported.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fhir_server
import gen_evidence as gen
import hl7_messages
import intellivue_monitor
import lab_peer
import yaml
from said import HERE, Device, constants, device


def segments(message: str, kind: str) -> list[list[str]]:
    """Return the fields of an HL7 message's segments of a kind, by their numbers."""
    mark = message[3]
    return [line.split(mark) for line in message.split("\r") if line.startswith(kind + mark)]


def measured(message: str, code: str) -> str | None:
    """Return the first value of an identity code in an HL7 message."""
    coded = [f for f in segments(message, "OBX") if f[3].startswith(code + message[4])]
    return coded[0][5] if coded else None


def header(ip: str, message: str) -> Device:
    """Describe the sender of an HL7 message."""
    [msh] = segments(message, "MSH")
    said = [field.translate(str.maketrans(message[4], "^")) for field in msh]
    profile = said[20] if len(said) > 20 else ""
    return device(ip, {"hl7.sending_application": said[2], "hl7.sending_facility": said[3],
                       "hl7.profile": profile})  # fmt: skip


def hl7() -> list[Device]:
    """A gateway's pumps, passed on by an engine; a monitor, an analyser, a syringe pump."""
    sent = hl7_messages
    engine, gateway, monitor, analyser, pump, desk = (
        f"10.20.8.{n}" for n in (40, 11, 12, 13, 14, 15)
    )
    found = [header(ip, sent.pump(0, 0)) for ip in (gateway, engine)]
    found += [header(monitor, sent.monitor()), header(analyser, sent.analyser())]
    found += [header(pump, sent.medfusion()), header(desk, sent.admission())]
    for number, (system, label) in enumerate(sent.PUMPS):
        text = sent.pump(number, 0)
        instance = segments(text, "OBX")[0][18]
        identity = {
            "hl7.system_id": system,
            "hl7.equipment_identifier": label,
            "hl7.equipment_instance": instance,
            "hl7.system_type": segments(text, "OBX")[0][3].split("^")[0],
            "hl7.model": measured(text, "67880"),
            "hl7.firmware_versions": measured(text, "531976"),
        }
        found += [device(ip, identity, "hl7.system_id") for ip in (gateway, engine)]
    text = sent.monitor()
    eui = sent.MONITOR
    found.append(device(monitor, {
        "hl7.eui": eui,
        "hl7.mac": ":".join(re.findall("..", (eui[:6] + eui[10:]).lower())),
        "hl7.equipment_instance": segments(text, "OBX")[0][18],
        "hl7.system_type": segments(text, "OBX")[0][3].split("^")[0],
        "hl7.serial_number": measured(text, "531972"),
        "hl7.software_versions": (measured(text, "531975") or "").replace("\\T\\", "&"),
    }, "hl7.eui"))  # fmt: skip
    text = sent.analyser()
    instance = segments(text, "OBX")[0][18]
    model, maker, serial = re.split(r"[\^~]", instance)[:3]
    participation = segments(text, "PRT")[1]
    found.append(device(analyser, {
        "hl7.equipment_instance": instance, "hl7.model": model, "hl7.manufacturer": maker,
        "hl7.serial_number": serial, "hl7.udi": participation[10],
        "hl7.device_identifier": participation[16],
    }, "hl7.serial_number"))  # fmt: skip
    text = sent.medfusion()
    stated = dict(
        re.findall(r"(manufacturer|model)=(.*?)(?= model=|$)", measured(text, "67880") or "")
    )
    observed = segments(text, "OBX")
    instance = observed[2][18].replace(text[4], "^")
    found.append(device(pump, {
        "hl7.equipment_instance": instance, "hl7.equipment_identifier": instance.split("^")[0],
        "hl7.system_type": observed[0][3].split(text[4])[0],
        "hl7.manufacturer": stated["manufacturer"], "hl7.model": stated["model"],
    }, "hl7.equipment_instance"))  # fmt: skip
    return found


def lab() -> list[Device]:
    """Four analysers and two meters behind one concentrator."""
    sent = lab_peer
    found = []
    for number, text in enumerate(sent.HEADERS.values(), 11):
        fields = text.split(text[1])
        identity = {"astm.sender": fields[4].strip(), "astm.version": fields[12]}
        found.append(device(f"10.20.9.{number}", identity))
    for eui, serial in sent.METERS:
        root = ElementTree.fromstring(sent.GREETING.format(device=eui, serial=serial))  # noqa: S314
        said = {element.tag[4:]: element.get("V") for element in root.find("DEV") or ()}
        identity = {
            f"poct1a.{name}": said[name]
            for name in ("device_id", "vendor_id", "model_id", "serial_id", "manufacturer_name",
                         "hw_version", "sw_version", "device_name")
        }  # fmt: skip
        mac = ":".join(re.findall("..", (eui[:6] + eui[10:]).lower()))
        found.append(device("10.20.9.20", identity | {"poct1a.mac": mac}, "poct1a.serial_id"))
    return found


def sdc(ip: str = "10.20.7.21") -> list[Device]:
    """A ventilator."""
    sent = constants("sdc_peer.py")
    place = "/".join(sent["LOCATION"][part] for part in ("fac", "poc", "bed"))
    kind = re.search(r'<pm:Mds .*\n *<pm:Type Code="(\d+)"', sent["MDIB"])
    identity = {
        "sdc.endpoint": f"uuid:{sent['ENDPOINT']}", "sdc.manufacturer": sent["MANUFACTURER"],
        "sdc.model_name": sent["MODEL"], "sdc.model_number": sent["NUMBER"],
        "sdc.serial_number": sent["SERIAL"], "sdc.firmware_version": sent["FIRMWARE"],
        "sdc.friendly_name": sent["NAME"], "sdc.udi": sent["UDI"], "sdc.location": place,
        "sdc.device_type": kind[1] if kind else None,
    }  # fmt: skip
    return [device(ip, identity, "sdc.endpoint")]


def sdc_parts() -> list[Device]:
    """The same, telling how it was produced."""
    names = {531973: "part_number", 531974: "hardware_versions", 531975: "software_versions",
             531976: "firmware_versions"}  # fmt: skip
    [found] = sdc("10.20.7.23")
    specified = constants("sdc_peer.py")["SPECIFICATIONS"]["mds0"]
    for code, name in names.items():
        values = [text for kind, text in specified if kind == code]
        found["identity"][f"sdc.{name}"] = ["\\".join(values)]
    return [found]


def intellivue() -> list[Device]:
    """A monitor."""
    sent = intellivue_monitor
    identity = {
        "intellivue.manufacturer": sent.MAKER, "intellivue.model": sent.MODEL,
        "intellivue.part_number": sent.MODEL, "intellivue.serial_number": sent.SERIAL,
        "intellivue.software_versions": "\\".join(sent.SOFTWARE), "intellivue.bed_label": sent.BED,
        "intellivue.hardware_versions": "A.00.07", "intellivue.system_type": (1 << 16) + 4429,
        "intellivue.mac": "02:20:00:00:07:11",
    }  # fmt: skip
    return [device("10.20.7.11", identity)]


def resource(ip: str, sent: dict[str, Any]) -> Device:
    """Describe a FHIR Device that is told of at an address."""
    names = [name["name"] for name in sent.get("deviceName", []) if name["type"] == "model-name"]
    kinds = sent.get("type", {}).get("coding", [])
    identity = {
        "fhir.manufacturer": sent["manufacturer"], "fhir.model_name": names,
        "fhir.model_number": sent.get("modelNumber"), "fhir.serial_number": sent["serialNumber"],
        "fhir.versions": "\\".join(version["value"] for version in sent.get("version", [])),
        "fhir.udi": [udi["carrierHRF"] for udi in sent.get("udiCarrier", [])],
        "fhir.device_type": [kind["code"] for kind in kinds if kind["system"] == fhir_server.MDC],
    }  # fmt: skip
    return device(ip, identity, "fhir.serial_number")


def fhir(
    server: str = "10.20.7.41", told: tuple[Any, ...] = (fhir_server.PUMP, fhir_server.MONITOR)
) -> list[Device]:
    """A server, and the devices that it and a gateway tell of."""
    statement = fhir_server.STATEMENT
    software = statement["software"]
    stored = {**fhir_server.MONITOR, "serialNumber": "WM-0008"}
    return [
        device(server, {"fhir.software": f"{software['name']} {software['version']}",
                        "fhir.version": statement["fhirVersion"]}),
        *(resource(server, one) for one in (*told, stored)),
        resource("10.20.7.42", stored),
    ]  # fmt: skip


def fhir_xml() -> list[Device]:
    """The same in XML, and a measurement's device."""
    return fhir("10.20.7.43", (fhir_server.PUMP, fhir_server.OXIMETER))


def bacnet() -> list[Device]:
    """An air handler."""
    sent = constants("bacnet_peer.py")
    names = {"vendorName": "vendor_name", "modelName": "model_name", "location": "location",
             "serialNumber": "serial_number", "firmwareRevision": "firmware_revision",
             "applicationSoftwareVersion": "application_software_version"}  # fmt: skip
    identity = {f"bacnet.{names[name]}": value for name, value in sent["IDENTITY"].items()}
    identity |= {"bacnet.device_instance": sent["INSTANCE"], "bacnet.object_name": sent["NAME"],
                 "bacnet.vendor_id": 999}  # fmt: skip
    return [device("10.20.7.31", identity)]


def evidence() -> list[Device]:
    """What hosts say of themselves in the protocols that are not medical."""
    peer, source = constants("evidence_peer.py"), (HERE / "evidence_peer.py").read_text("utf-8")
    making = (HERE / "gen_evidence.py").read_text(encoding="utf-8")
    pump, monitor, printer, dock, ct, viewer = (
        *("10.30.1.3", "10.30.2.1", "10.30.2.2", "10.30.2.3", "10.30.2.4", "10.30.2.5"),
    )
    daemon = dict(re.findall(r"^(sys\w+) (.*)$", gen.SNMPD, re.M))
    columns = {"2": "descr", "8": "hardware_rev", "9": "firmware_rev", "10": "software_rev",
               "11": "serial_num", "12": "mfg_name", "13": "model_name"}  # fmt: skip
    entity = dict(re.findall(r'^override \S+\.(\d+)\.1 octet_str "(.*)"$', gen.SNMPD, re.M))
    namespace = "{urn:schemas-upnp-org:device-1-0}"
    root = ElementTree.fromstring(peer["DESCRIPTION"])  # noqa: S314
    about = {e.tag.removeprefix(namespace): e.text for e in root.find(f"{namespace}device") or ()}
    announced = dict(re.findall(r"^(\w+): (.*?)\r?$", peer["ANNOUNCEMENT"], re.M))
    subject = dict(re.findall(r"/(\w+)=([^/]+)", re.findall(r'\("(/C=DE.*)"\n', making)[0]))
    pump_class = re.findall(r'"-V", "([^"]+)"', making)[0]
    told = re.findall(r'"(ty|usb_MFG|model)": "([^"]+)"', source)
    services = set(re.findall(r'"(_[a-z-]+\._tcp)\.local\."', source))
    return [
        device(pump, {
            "dhcp.vendor_class": pump_class, "dhcp.client_id": "PUMP-3-0815",
            "dhcp.enterprise_number": ["9", "3561"], "dhcp.user_class": ["icu", "ivpmp"],
            "dhcp.mac": "02:20:00:00:04:03", "tls.client_common_name": "pump3.hospital.example",
            "kerberos.host_name": gen.PRINCIPALS["device"].partition("/")[2],
        }),
        device(monitor, {
            "snmp.sys_descr": daemon["sysDescr"], "snmp.sys_object_id": daemon["sysObjectID"],
            "snmp.sys_name": daemon["sysName"],
            **{f"snmp.ent_physical_{columns[n]}": value for n, value in entity.items()},
        }),
        device(printer, {
            "mdns.service": sorted(services),
            "mdns.manufacturer": [value for key, value in told if key == "usb_MFG"],
            "mdns.model": [value for key, value in told if key != "usb_MFG"],
            "mdns.host_name": "drypix2.local",
        }),
        device(dock, {
            "upnp.manufacturer": about["manufacturer"], "upnp.model_name": about["modelName"],
            "upnp.model_number": about["modelNumber"], "upnp.serial_number": about["serialNumber"],
            "upnp.model_description": about["modelDescription"], "upnp.udn": about["UDN"],
            "upnp.device_type": about["deviceType"], "ssdp.server": announced["SERVER"],
            "ssdp.usn": announced["USN"].partition("::")[0],
            "http.realm": re.findall(r'Basic realm="([^"]+)"', source),
            "http.server": re.findall(r'server_version = "([^"]+)"', source),
        }),
        device(ct, {
            "tls.common_name": subject["CN"], "tls.issuer_organization": subject["O"],
            "tls.subject": f"OU={subject['OU']},O={subject['O']},C={subject['C']}",
        }),
        device(viewer, {
            "netbios.name": re.findall(r"netbios name = (\w+)", gen.SMBD),
            "netbios.workgroup": re.findall(r"workgroup = (\w+)", gen.SMBD),
            "ntlm.computer_name": re.findall(r"netbios name = (\w+)", gen.SMBD),
            "kerberos.host_name": gen.PRINCIPALS["pc"].rstrip("$"),
        }),
    ]  # fmt: skip


def wards() -> list[Device]:
    """Return what an infusion pump's diagnostic terminal tells in its greeting."""
    greeting = constants("gen_wards.py")["GREETING"]
    mac, module, serial, version = re.search(
        r"MAC Address: (\S+) SW: (\S+)\nSigma Spectrum SN: (\S+) SW: (\S+)", greeting
    ).groups()  # type: ignore[union-attr]
    return [
        device("10.20.8.21", {
            "telnet.banner": greeting.splitlines()[0], "spectrum.serial_number": serial,
            "spectrum.software_version": version, "spectrum.module_software": module,
            "spectrum.mac": mac.replace("-", ":").lower(),
        })
    ]  # fmt: skip


SAID = (bacnet, evidence, fhir, fhir_xml, hl7, intellivue, lab, sdc, sdc_parts, wards)
CAPTURES = {f"{said.__name__.replace('_', '-')}.pcap": said for said in SAID}


def written() -> dict[str, list[Device]]:
    """Return what stands in identities.yaml when it is written now."""
    return {capture: said() for capture, said in CAPTURES.items()}


def main() -> None:
    """Write identities.yaml, here or in the directory named."""
    outdir = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    head = "# Written by identities.py from the words that the generators send. Do not edit.\n"
    listed = yaml.safe_dump({"captures": written()}, sort_keys=False, allow_unicode=True, width=100)
    (outdir / "identities.yaml").write_text(head + listed, encoding="utf-8")


if __name__ == "__main__":
    main()
