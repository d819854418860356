"""HTTP, FHIR and TLS, each from the device's side: what it asks for, and what it serves."""

from __future__ import annotations

import gzip
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from accuracy.stage import Turn, serving
from personas import Persona as Host

WEB_PORT, FHIR_PORT, TLS_PORT = 80, 8080, 443
FHIR = "application/fhir+json"


def http_client(turn: Turn) -> None:
    """Ask for a page under the device's own User-Agent."""
    for values in turn.steps:
        name = values.get("host", "portal.hospital.example")
        url = f"http://{name}{values.get('path', '/')}"
        place = ("--resolve", f"{name}:80:{turn.stage.portal.ip}")
        turn.host.run("curl", "-sS", "-m", "10", "-o", "page", "-A", values["agent"], *place, url)


def http_server(turn: Turn) -> None:
    """Serve a page, or ask for a log-in; a station of the site looks."""
    for values in turn.steps:
        port = values.get("port", WEB_PORT)
        serving(turn.host, port, web, turn.host.ip, port, values)
        turn.stage.reader.run("curl", "-sS", "-m", "10", "-o", f"page-{turn.persona.id}",
                         f"http://{turn.host.ip}:{port}{values.get('path', '/')}")  # fmt: skip


def web(address: str, port: int, values: dict[str, Any]) -> None:
    """Answer as the device's server does, until killed."""

    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        sys_version = ""
        server_version = values.get("server", "")

        def version_string(self) -> str:
            """Name the server as the device does."""
            return values.get("server", "")

        def do_GET(self) -> None:
            """Serve what the device serves."""
            body = values.get("body", f"<title>{values.get('title', '')}</title>").encode()
            self.send_response(401 if values.get("realm") else 200)
            if values.get("realm"):
                self.send_header("WWW-Authenticate", f'Basic realm="{values["realm"]}"')
            self.send_header("Content-Type", values.get("content", "text/html"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def send_header(self, keyword: str, value: str) -> None:
            """Leave out the header of a server that does not name itself."""
            if keyword != "Server" or value:
                super().send_header(keyword, value)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer((address, port), Page).serve_forever()


def fhir(turn: Turn) -> None:
    """Put device resources to the site's FHIR server."""
    for at, values in enumerate(turn.steps):
        body = turn.host.home / f"device-{at}.json"
        body.write_text(json.dumps({"resourceType": "Device", **values["device"]}))
        agent = ("-A", values.get("agent", "Apache-HttpClient/4.5.13 (Java/11.0.19)"))
        url = f"http://{turn.stage.portal.ip}:{FHIR_PORT}/fhir/Device"
        how = ("-H", f"Content-Type: {FHIR}", "--data-binary", f"@{body}")
        turn.host.run("curl", "-sS", "-m", "10", "-o", "answer", *agent, *how, url)


def fhir_serve(turn: Turn) -> None:
    """Serve a capability statement, and let a station of the site read it."""
    for values in turn.steps:
        serving(turn.host, FHIR_PORT, resources, turn.host.ip, FHIR_PORT, values)
        turn.stage.reader.run("curl", "-sS", "-m", "10", "-o", f"page-{turn.persona.id}",
                         f"http://{turn.host.ip}:{FHIR_PORT}/fhir/metadata")  # fmt: skip


def resources(address: str, port: int, values: dict[str, Any]) -> None:
    """Be a FHIR server that takes every device and knows its own statement, until killed."""
    statement = {
        "resourceType": "CapabilityStatement", "status": "active", "kind": "instance",
        "fhirVersion": "4.0.1", "format": ["json"], **values.get("statement", {}),
    }  # fmt: skip

    class Resources(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        sys_version = ""
        server_version = values.get("server", "nginx")

        def _answer(self, content: bytes, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", FHIR)
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                content = gzip.compress(content)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            """Give the statement."""
            self._answer(json.dumps(statement).encode(), 200)

        def do_POST(self) -> None:
            """Take a resource and give it back."""
            self._answer(self.rfile.read(int(self.headers["Content-Length"])), 201)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer((address, port), Resources).serve_forever()


def tls_server(turn: Turn) -> None:
    """Show a certificate; a station of the site connects."""
    for values in turn.steps:
        port = values.get("port", TLS_PORT)
        secure(turn.host, port, values["subject"], values.get("names", ()))
        at = f"{turn.host.ip}:{port}"
        turn.stage.reader.run("openssl", "s_client", "-connect", at, "-tls1_2", ok=(0, 1))


def secure(host: Host, port: int, subject: str, names: list[str] | tuple[str, ...]) -> None:
    """Start a TLS server with a certificate of its own signing."""
    more = ["-addext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names)] if names else []
    host.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "3650", "-subj", subject, *more, "-keyout", "own.key",
             "-out", "own.pem")  # fmt: skip
    host.serve("openssl", "s_server", "-accept", str(port), "-cert", "own.pem", "-key", "own.key",
               "-tls1_2", "-quiet", port=port)  # fmt: skip


def tls_client(turn: Turn) -> None:
    """Connect to a service by its name."""
    for values in turn.steps:
        turn.host.run("openssl", "s_client", "-connect", f"{turn.stage.portal.ip}:{TLS_PORT}",
                 "-servername", values["name"], ok=(0, 1))  # fmt: skip
