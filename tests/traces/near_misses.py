"""What is almost a medical protocol and is none: beginnings that go on as noise, look-alikes, and
random bytes, for the ports of medical protocols and any others.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

TCP_PORTS = (104, 11112, 2575, 6661, 24105, 4000, 4001, 5000, 8080, 23, 21, 80, 443, 3702, 47808)
UDP_PORTS = (24005, 24105, 3702, 47808, 67, 161, 5353, 1900)
WORDS = b"ward menu title update value number report list the device model serial".split()
TITLES = b"ARCHIVE".ljust(16) + b"SCANNER".ljust(16)
ASSOCIATION = b"\x01\0\0\0\0\xcd\0\x01\0\0" + TITLES + bytes(32)
# Each begins as a medical protocol does, and is not enough to be one.
BEGINNINGS = (
    ASSOCIATION + b"\x10\0\0\x151.2.840.10008.3.1.1",
    b"\x02" + ASSOCIATION[1:] + b"\x10\0\0\x151.2.840.10008",
    b"\x0bMSH",
    b"\rMSH",
    b"\x05\x02",
    b"\x021H",
    b"H|",
    b"<HEL.R0",
    b'<?xml version="1.0"?>\n<HEL',
    b"\xe1\0\0\x02\0\x01\0",
    b"\x0d\xff\x01\x50\x05\x08\x13\x01\0\x16",
    b"\0\0\x01\0\0\x01\x01\xc2",
    b"\x81\x0a\0\x19\x01",
    b"\x81\x0b",
    b'<?xml version="1.0"?><s12:Envelope xmlns:s12="http://www.w3.org/2003/05/soap-envelope"',
)
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope '
    'xmlns:soap="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof">%s</soap:Envelope>'
)
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
PRINTER = (
    "<wsa:EndpointReference><wsa:Address>urn:uuid:4509a320-00a0-008f-00b6-002507510eca"
    "</wsa:Address></wsa:EndpointReference><wsd:Types>wsdp:Device pri:PrintDeviceType</wsd:Types>"
    "<wsd:XAddrs>http://10.50.1.9:5357/print</wsd:XAddrs><wsd:MetadataVersion>1</wsd:MetadataVersion>"
)
LOOK_ALIKES = (
    b"\x0bHELLO|^~|WORLD\x1c\r",
    b"\x0b\x0b\x0b\x1c\r\x0bMS|H\x1c\r",
    b"\x05\x05\x05\x021R|1|5.0\r\x03A1\r\n\x04",
    b"\x02HELLO\x03\x04",
    b"HELO mail.hospital.example\r\nMAIL FROM:<a@hospital.example>\r\n",
    b"MSHELL 1.0 ready\r\n",
    b"H, this is only text\r\n",
    b"H-BRIDGE CONTROLLER\r\n",
    b"HEL.R01 is a name in a standard\r\n",
    b"<HELP.R01><HDR/></HELP.R01>",
    b'<?xml version="1.0"?><!DOCTYPE HEL.R02><hel.r01/>',
    b'<rss version="2.0"><channel><title>MSH|^~</title></channel></rss>',
    ENVELOPE.encode() % b"<soap:Body><Price><Manufacturer>Acme</Manufacturer></Price></soap:Body>",
    b'\x0b<?xml version="1.0"?><order xmlns="urn:example"><MSH/></order>\x1c\r',
    b'<note xmlns="urn:example:v3">urn:hl7-org:v3 urn:hl7-org:v2xml http://hl7.org/fhir</note>',
    b'<Bundle xmlns="urn:example"><entry><Device><serialNumber value="1"/></Device></entry>'
    b"</Bundle>",
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>MSH|</s:Body>'
    b"</s:Envelope>",
    b"DICM" + bytes(124) + b"DICM\x02\0\0\0",
    b"1.2.840.10008.3.1.1.1\r\n",
    b"Welcome to the SIGMA\r\n",
)
# What Windows and printers say by WS-Discovery every day.
DATAGRAMS = (
    ENVELOPE.encode() % f"<soap:Header><wsa:Action>{DISCOVERY}/Hello</wsa:Action></soap:Header>"
    f"<soap:Body><wsd:Hello>{PRINTER}</wsd:Hello></soap:Body>".encode(),
    ENVELOPE.encode() % f"<soap:Header><wsa:Action>{DISCOVERY}/Probe</wsa:Action></soap:Header>"
    "<soap:Body><wsd:Probe><wsd:Types>wsdp:Device</wsd:Types></wsd:Probe></soap:Body>".encode(),
    ENVELOPE.encode() % f"<soap:Header><wsa:Action>{DISCOVERY}/ProbeMatches</wsa:Action>"
    f"</soap:Header><soap:Body><wsd:ProbeMatches><wsd:ProbeMatch>{PRINTER}</wsd:ProbeMatch>"
    "</wsd:ProbeMatches></soap:Body>".encode(),
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n\r\n",
    b"\x81\x0a\0\x0c\x01\x20\xff\xff\0\xff\x10\x08",  # BACnet's Who-Is, which tells of no device
    b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01",
)  # fmt: skip
JSON = (
    {"resourceType": "Meal", "manufacturer": "Acme", "serialNumber": "1"},
    {"device": {"resourceType": "Device", "manufacturer": "Acme"}, "model": "Chair"},
    [{"manufacturer": "Acme", "model": "T-1000", "serialNumber": "42", "version": ["1.0"]}],
    {"resourceType": ["Device"], "serialNumber": {"value": "7"}},
    [{"00080070": "Acme", "0008,1090": {"Value": ["T-1000"]}, "manufacturer": {"vr": "LO"}}],
    {"kind": "CapabilityStatementList", "software": {"name": "shop", "version": "3"}},
)
# Types of DICOMweb are left out: who declares one does speak it.
TYPES = (
    *("application/json", "text/json", "application/fhir+json", "application/soap+xml"),
    *("application/xml", "text/html", "application/hl7-v2", "application/octet-stream"),
    *("application/fhir+xml", "text/xml", "application/xop+xml"),
    *("multipart/related; boundary=x", "application/hl7-v2+xml"),
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: where to, and what each side says, the first true for the client."""

    port: int
    udp: bool
    parts: tuple[tuple[bool, bytes], ...]


def noise(chance: random.Random, size: int = 4000) -> bytes:
    """Return random bytes, or words."""
    if chance.random() < 0.3:
        line = b" ".join(chance.choices(WORDS, k=9)) + chance.choice((b"\r", b"\n", b"\r\n", b"|"))
        return line * chance.randint(1, size // len(line) + 1)
    return chance.randbytes(chance.randint(1, size))


def begins(chance: random.Random) -> bytes:
    """Return what begins as a medical protocol does and goes on as noise."""
    beginning = chance.choice(BEGINNINGS)
    return beginning[: chance.randint(1, len(beginning))] + noise(chance)


def exchange(chance: random.Random) -> tuple[tuple[bool, bytes], ...]:
    """Return a request over HTTP and its answer, neither of them medical."""
    body = json.dumps(chance.choice(JSON)).encode()
    if chance.random() < 0.3:
        body = chance.choice(LOOK_ALIKES)
    kind, coding = chance.choice(TYPES).encode(), b""
    if chance.random() < 0.4:
        body, coding = gzip.compress(body), b"Content-Encoding: gzip\r\n"
    head = b"Content-Type: %s\r\n%sContent-Length: %d\r\n\r\n" % (kind, coding, len(body))
    ask = b"POST /api/v1/things HTTP/1.1\r\nHost: shop\r\n" + head + body
    return (True, ask), (False, b"HTTP/1.1 200 OK\r\n" + head + body)


def talks(chance: random.Random, count: int) -> Iterator[Talk]:
    """Yield conversations."""
    for _ in range(count):
        what = chance.random()
        if what < 0.25:
            ports = (*UDP_PORTS, chance.randrange(1024, 65536))
            may_say = (begins(chance), chance.choice(DATAGRAMS), noise(chance, 900))
            said = chance.choice(may_say)[:1400]
            yield Talk(chance.choice(ports), True, ((True, said),))
        elif what < 0.5:
            yield Talk(chance.choice((80, 8080, 5357)), False, exchange(chance))
        else:
            port = chance.choice((*TCP_PORTS, chance.randrange(1024, 65536)))
            say = [begins, lambda c: c.choice(LOOK_ALIKES) + noise(c)[: c.choice((0, 300))], noise]
            parts = [(side, chance.choice(say)(chance)) for side in (True, False, True)]
            yield Talk(port, False, tuple(parts[: chance.randint(1, 3)]))
