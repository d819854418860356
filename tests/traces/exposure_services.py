"""The services of gen_exposure.py's device that no program offers ready-made."""

from __future__ import annotations

import base64
import socket
import sys
from http.server import HTTPServer, SimpleHTTPRequestHandler

USER = "canary-operator-7q"
PASSWORD = "canary-secret-zx81"  # noqa: S105  # invented, to be looked for in logs
EXPECTED = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Guarded(SimpleHTTPRequestHandler):
    """Python's own web server, for those who log in."""

    def do_GET(self) -> None:
        """Answer, or ask for the password."""
        if self.headers.get("Authorization") == EXPECTED:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="Pump"')
        self.send_header("Content-Length", "0")
        self.end_headers()


def basic(port: str) -> None:
    """Serve files over HTTP with basic authentication."""
    HTTPServer(("", int(port)), Guarded).serve_forever()


def ftp(port: str) -> None:
    """Serve files over FTP."""
    # The tests read the words of this file without having pyftpdlib.
    from pyftpdlib.authorizers import DummyAuthorizer  # noqa: PLC0415
    from pyftpdlib.handlers import FTPHandler  # noqa: PLC0415
    from pyftpdlib.servers import FTPServer  # noqa: PLC0415

    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, ".")
    FTPHandler.authorizer = authorizer
    FTPServer(("", int(port)), FTPHandler).serve_forever()


def echo(port: str) -> None:
    """Send every datagram back."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", int(port)))
    while True:
        data, peer = server.recvfrom(65535)
        server.sendto(data, peer)


def send(host: str, port: str, size: str) -> None:
    """Send a datagram and wait a moment for its echo."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(0.3)
    if host.startswith("239."):
        own = socket.inet_aton("10.20.3.11")
        client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
    client.connect((host, int(port)))
    client.send(b"x" * int(size))
    try:
        client.recv(65535)
    except OSError:
        return


if __name__ == "__main__":
    {"basic": basic, "ftp": ftp, "echo": echo, "send": send}[sys.argv[1]](*sys.argv[2:])
