"""What hosts say to the network itself: DHCP, SNMP, mDNS, SSDP, NetBIOS, and banners."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from accuracy.speakers.web import web
from accuracy.stage import Turn, inside, serving
from personas import HERE as TRACES
from personas import Persona as Host
from zeroconf import ServiceInfo, Zeroconf

COMMUNITY = "public"
SYSTEM, ENTITY = "1.3.6.1.2.1.1", "1.3.6.1.2.1.47.1.1.1.1"
ENTITY_LEAVES = {"descr": 2, "hardware": 8, "firmware": 9, "software": 10, "serial": 11,
                 "manufacturer": 12, "model": 13}  # fmt: skip
SSDP_GROUP = ("239.255.255.250", 1900)


def lease(host: Host, values: dict[str, Any]) -> None:
    """Get an address, with the options that the device sends."""
    client = ["udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "5", "-T", "1", "-o"]
    client += ["-s", str(TRACES / "udhcpc.sh"), "-V", values.get("vendor_class", "")]
    if values.get("hostname"):
        client += ["-x", f"hostname:{values['hostname']}"]
    if values.get("fqdn"):
        client += ["-F", values["fqdn"]]
    if asked := values.get("ask"):
        client += ["-x", f"0x37:{bytes(asked).hex()}"]
    for code, text in (values.get("options") or {}).items():
        client += ["-x", f"{int(code):#x}:{bytes.fromhex(text).hex()}"]
    host.run(*client)
    host.address = (host.home / "lease").read_text().strip()


def snmp(turn: Turn) -> None:
    """Run an agent, and let the site's poller ask it."""
    for values in turn.steps:
        lines = [f"rocommunity {COMMUNITY}", f"sysDescr {values['descr']}",
                 f"sysObjectID {values['object_id']}", f"sysName {values.get('name', 'host')}",
                 "sysServices 72"]  # fmt: skip
        for leaf, text in (values.get("entity") or {}).items():
            lines.append(f'override {ENTITY}.{ENTITY_LEAVES[leaf]}.1 octet_str "{text}"')
        (turn.host.home / "snmpd.conf").write_text("\n".join([*lines, ""]))
        state = ("env", f"SNMP_PERSISTENT_DIR={turn.host.home}")
        turn.host.serve(*state, "snmpd", "-f", "-C", "-c", "snmpd.conf", "-Lo",
                   "-I", "-smux,ifTable,ifXTable", f"udp:{turn.host.ip}:161",
                   port=161, udp=True)  # fmt: skip
        ask = ("-v2c", "-c", COMMUNITY, "-On", turn.host.ip)
        poller = ("env", f"SNMP_PERSISTENT_DIR={turn.stage.reader.home}")
        turn.stage.reader.run(*poller, "snmpget", *ask, *(f"{SYSTEM}.{n}.0" for n in (1, 2, 5)))
        if values.get("entity"):
            leaves = [f"{ENTITY}.{ENTITY_LEAVES[leaf]}.1" for leaf in values["entity"]]
            turn.stage.reader.run(*poller, "snmpget", *ask, *leaves)


def mdns(turn: Turn) -> None:
    """Announce services."""
    for values in turn.steps:
        inside(turn.host, _announce, turn.host.ip, values)


def _announce(address: str, values: dict[str, Any]) -> None:
    with Zeroconf(interfaces=[address]) as responder:
        for kind, about in values["services"].items():
            name = about.get("instance", values["host"])
            responder.register_service(ServiceInfo(
                f"{kind}._tcp.local.", f"{name}.{kind}._tcp.local.", port=about.get("port", 80),
                server=f"{values['host']}.local.", addresses=[socket.inet_aton(address)],
                properties={k: str(v) for k, v in (about.get("txt") or {}).items()},
            ))  # fmt: skip
        time.sleep(0.3)


def ssdp(turn: Turn) -> None:
    """Announce a UPnP device, serve its description, and let a station read it."""
    for values in turn.steps:
        about = {**values, "content": "text/xml", "body": _description(values)}
        serving(turn.host, 49152, web, turn.host.ip, 49152, about)
        inside(turn.host, _notify, turn.host.ip, values)
        turn.stage.reader.run("curl", "-sS", "-m", "10", "-o", f"page-{turn.persona.id}",
                         f"http://{turn.host.ip}:49152/description.xml")  # fmt: skip


def _notify(address: str, values: dict[str, Any]) -> None:
    kind = values["device_type"]
    text = "\r\n".join((
        "NOTIFY * HTTP/1.1", "HOST: 239.255.255.250:1900", "CACHE-CONTROL: max-age=1800",
        f"LOCATION: http://{address}:49152/description.xml", f"NT: {kind}", "NTS: ssdp:alive",
        f"SERVER: {values['server']}", f"USN: uuid:{values['uuid']}::{kind}", "", "",
    ))  # fmt: skip
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        device.bind((address, 1900))
        device.sendto(text.encode(), SSDP_GROUP)


def _description(values: dict[str, Any]) -> str:
    tags = {"deviceType": "device_type", "friendlyName": "friendly", "manufacturer": "manufacturer",
            "modelDescription": "description", "modelName": "model", "modelNumber": "number",
            "serialNumber": "serial"}  # fmt: skip
    said = "".join(f"<{t}>{values[k]}</{t}>" for t, k in tags.items() if values.get(k))
    return ('<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>'
            f"{said}<UDN>uuid:{values['uuid']}</UDN></device></root>")  # fmt: skip


def banner(port: int, said: Callable[[dict[str, Any]], bytes], answer: bytes) -> Any:
    """Make a speaker: the device greets, a station of the site answers."""

    def speak(turn: Turn) -> None:
        """Greet, and be heard."""
        for values in turn.steps:
            at = values.get("port", port)
            serving(turn.host, at, _greet, turn.host.ip, at, said(values))
            inside(turn.stage.reader, _hear, turn.host.ip, at, answer)

    return speak


def _greet(address: str, port: int, greeting: bytes) -> None:
    with socket.create_server((address, port)) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                peer.sendall(greeting)
                peer.recv(4096)


def _hear(address: str, port: int, answer: bytes) -> None:
    with socket.create_connection((address, port), timeout=10) as peer:
        peer.recv(4096)
        peer.sendall(answer)
        time.sleep(0.05)


ssh = banner(22, lambda v: f"{v['banner']}\r\n".encode(), b"SSH-2.0-OpenSSH_9.2p1\r\n")
ftp = banner(21, lambda v: f"220 {v['banner']}\r\n".encode(), b"QUIT\r\n")
telnet = banner(23, lambda v: v["banner"].replace("\n", "\r\n").encode(), b"\r\n")


def datagrams(turn: Turn) -> None:
    """Broadcast or send a few datagrams to a port."""
    for values in turn.steps:
        inside(turn.host, _send, turn.host.ip, turn.stage.broadcast, values)


def _send(address: str, broadcast: str, values: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.bind((address, values["port"]))
        for _ in range(values.get("count", 2)):
            sender.sendto(bytes.fromhex(values["hex"]), (broadcast, values["port"]))


def quiet(turn: Turn) -> None:
    """Be there and say nothing but ARP."""
    turn.host.run("busybox", "arping", "-q", "-c", "1", "-w", "1", "-I", "eth0", turn.stage.core.ip)
