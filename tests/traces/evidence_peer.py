"""The few talkers of gen_evidence.py that no package brings as a program.

Announces services by zeroconf, and serves a UPnP device and a page that asks for a password.
"""

from __future__ import annotations

import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from zeroconf import ServiceInfo, Zeroconf

DESCRIPTION = """<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion>
<device>
<deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>
<friendlyName>Desk of Canary Upnp-Owner</friendlyName>
<manufacturer>Example Imaging &amp; Co</manufacturer>
<manufacturerURL>http://example.org/</manufacturerURL>
<modelDescription>Dental sensor dock</modelDescription>
<modelName>Dock 7</modelName>
<modelNumber>D7-100</modelNumber>
<serialNumber>D7-000815</serialNumber>
<UDN>uuid:2f402f80-da50-11e1-9b23-001788000815</UDN>
<presentationURL>http://example.org/canary-url</presentationURL>
<deviceList><device><manufacturer>Part Maker</manufacturer><modelName>Inner part</modelName>
<serialNumber>INNER-1</serialNumber></device></deviceList>
</device>
</root>
"""
ANNOUNCEMENT = """NOTIFY * HTTP/1.1\r
HOST: 239.255.255.250:1900\r
CACHE-CONTROL: max-age=1800\r
LOCATION: http://{address}/canary-location.xml\r
NT: urn:schemas-upnp-org:device:Basic:1\r
NTS: ssdp:alive\r
SERVER: DockOS/3.2 UPnP/1.0 ExampleDock/7.1\r
USN: uuid:2f402f80-da50-11e1-9b23-001788000815::urn:schemas-upnp-org:device:Basic:1\r
\r
"""


class Device(BaseHTTPRequestHandler):
    """Serves the description to everybody and anything else to nobody."""

    server_version = "ExampleDock/7.1"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with the description, or ask for a password."""
        if self.path == "/canary-location.xml":
            body = DESCRIPTION.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
        elif self.headers.get("Authorization"):
            body = b"<p>Status: ready</p>\n"
            self.send_response(200)
        else:
            body = b""
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="Dock 7 service"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def announce(address: str) -> None:
    """Say by SSDP that the device is there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
        out.bind((address, 0))
        out.sendto(ANNOUNCEMENT.format(address=address).encode(), ("239.255.255.250", 1900))


def services(address: str) -> None:
    """Announce a printer and a computer, be asked for, and say goodbye."""
    printer = ServiceInfo(
        "_ipp._tcp.local.", "Film printer 2._ipp._tcp.local.", port=631, server="drypix2.local.",
        addresses=[socket.inet_aton(address)],
        properties={"ty": "DryPix Edge", "usb_MFG": "FUJIFILM", "note": "Canary Mdns-Note",
                    "adminurl": "http://canary-admin/"},
    )  # fmt: skip
    computer = ServiceInfo(
        "_device-info._tcp.local.", "drypix2._device-info._tcp.local.", port=0,
        server="drypix2.local.", addresses=[socket.inet_aton(address)],
        properties={"model": "DP-EDGE-4000"},
    )  # fmt: skip
    talker = ServiceInfo(
        "_presence._tcp.local.", "canary-user@drypix2._presence._tcp.local.", port=5298,
        server="drypix2.local.", addresses=[socket.inet_aton(address)],
    )  # fmt: skip
    with Zeroconf(interfaces=[address]) as responder:
        for info in (printer, computer, talker):
            responder.register_service(info)
        time.sleep(1)


def main(what: str, *arguments: str) -> None:
    """Run one of the talkers."""
    if what == "device":
        HTTPServer((arguments[0], 80), Device).serve_forever()
    elif what == "announce":
        announce(*arguments)
    elif what == "services":
        services(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
