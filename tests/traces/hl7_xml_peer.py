"""A station that speaks HL7 in XML, run inside a persona: over HTTP, in SOAP, in many parts,
and over MLLP with the package hl7.
"""

from __future__ import annotations

import socket
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import hl7_documents as documents
import hl7_messages as messages
from hl7.client import MLLPClient

ACK = r"MSH|^~\&|XML-ENGINE|HOSPITAL|SENDER|MAKER|20260115||ACK|1|P|2.6" + "\rMSA|AA|1\r"
BOUNDARY = "MIMEBoundary-1"


def provide_and_register() -> bytes:
    """Return a document as it is given to a repository (XDS): a SOAP message, then the document."""
    parts = (
        ('application/xop+xml; type="application/soap+xml"', documents.soap("<Provide/>")),
        ("text/xml", documents.HUB.replace(b"HUB-0815", b"HUB-0816")),
    )
    said = b""
    for number, (kind, body) in enumerate(parts):
        head = f"Content-Type: {kind}\r\nContent-ID: <{number}@x>\r\n"
        said += f"--{BOUNDARY}\r\n{head}Content-Transfer-Encoding: binary\r\n\r\n".encode()
        said += body + b"\r\n"
    return said + f"--{BOUNDARY}--\r\n".encode()


SAID = {
    "monitor": ("application/hl7-v2+xml", lambda: documents.version2(messages.monitor())),
    "feed": ("application/soap+xml; charset=UTF-8", lambda: documents.FEED),
    "hub": ("application/xml", lambda: documents.HUB),
    "records": ("x-application/xml+cda", lambda: documents.RECORDS),
    "provide": (f'multipart/related; boundary="{BOUNDARY}"', provide_and_register),
}


def post(host: str, port: str, name: str) -> None:
    """Send as the body of an HTTP request."""
    kind, body = SAID[name]
    url = f"http://{host}:{port}/{documents.ADDRESS}"
    request = urllib.request.Request(url, body(), {"Content-Type": kind})
    with urllib.request.urlopen(request) as answer:  # noqa: S310  the persona's own server
        print(answer.read().decode())


def send(host: str, port: str, name: str) -> None:
    """Send over MLLP."""
    said = {
        "analyser": lambda: documents.version2(messages.analyser()),
        "cda": lambda: documents.HUB.replace(b"HUB-0815", b"HUB-0817"),
    }
    with MLLPClient(host, int(port)) as client:
        for _ in range(3):
            print(client.send_message(said[name]().decode()).decode())


class Web(BaseHTTPRequestHandler):
    """Acknowledges what is posted, as it was said."""

    def do_POST(self) -> None:
        """Acknowledge a message."""
        self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        kind = "application/soap+xml" if "multipart" in kind else kind
        body = documents.ACCEPTED if "soap" in kind else documents.version2(ACK)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(host: str, port: str) -> None:
    """Take messages over MLLP: those of version 2 are acknowledged in XML, documents without."""
    with socket.create_server((host, int(port))) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                data = b""
                while piece := peer.recv(65536):
                    data += piece
                    while b"\x1c\r" in data:
                        one, _, data = data.partition(b"\x1c\r")
                        ack = documents.version2(ACK) if b"v2xml" in one else ACK.encode()
                        peer.sendall(b"\x0b" + ack + b"\x1c\r")


if __name__ == "__main__":
    does, host, port = sys.argv[1:4]
    if does == "web":
        HTTPServer((host, int(port)), Web).serve_forever()
    else:
        {"serve": serve, "post": post, "send": send}[does](host, port, *sys.argv[4:])
