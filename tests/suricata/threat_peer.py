"""What the stations of gen_threats.py run: a DICOM node, a web server, lines over TCP.

Nothing here attacks anything: the files that look like programs hold zeros, the log-ins meet
programs that know no account.
"""

from __future__ import annotations

import ftplib
import io
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from pydicom import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made when asked for
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

FIND = StudyRootQueryRetrieveInformationModelFind
GET = StudyRootQueryRetrieveInformationModelGet
MOVE = StudyRootQueryRetrieveInformationModelMove
SERVICES = (Verification, FIND, GET, MOVE, EncapsulatedPDFStorage)
NOTHING_FOUND = 0x0000
STUB = b"MZ" + bytes(76) + b"This program cannot be run in DOS mode.\r\r\n$" + bytes(200)
BOUNDARY = "part-of-a-study"


def _find(_: evt.Event) -> Iterator[tuple[int, None]]:
    yield NOTHING_FOUND, None


def _get(_: evt.Event) -> Iterator[int | tuple[int, None]]:
    yield 0


def _move(_: evt.Event) -> Iterator[tuple[None, None]]:
    yield None, None


def archive(port: str, *known: str) -> None:
    """Take associations of those who are known (of all, if nobody is named) with ARCHIVE."""
    ae = AE(ae_title="ARCHIVE")
    ae.require_calling_aet = list(known)
    ae.require_called_aet = True
    for service in SERVICES:
        ae.add_supported_context(service)
    handlers = [
        (evt.EVT_C_ECHO, lambda _: 0),
        (evt.EVT_C_STORE, lambda _: 0),
        (evt.EVT_C_FIND, _find),
        (evt.EVT_C_GET, _get),
        (evt.EVT_C_MOVE, _move),
    ]
    ae.start_server(("", int(port)), evt_handlers=handlers)


def call(calling: str, called: str, *hosts: str) -> None:
    """Ask each host for an association with Verification, and echo where it is granted."""
    for host in hosts:
        ae = AE(ae_title=calling)
        ae.add_requested_context(Verification)
        peer = ae.associate(host, 11112, ae_title=called)
        if peer.is_established:
            peer.send_c_echo()
            peer.release()


def sweep(host: str, finds: str, moves: str, gets: str) -> None:
    """Send so many C-FIND, C-MOVE and C-GET requests in one association."""
    ae = AE(ae_title="WALKER")
    for service in (FIND, MOVE, GET):
        ae.add_requested_context(service)
    peer = ae.associate(host, 11112, ae_title="ARCHIVE")
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for number in range(max(map(int, (finds, moves, gets)))):
        query.StudyInstanceUID = f"2.25.{number}"
        for count, send in ((finds, peer.send_c_find), (gets, peer.send_c_get)):
            if number < int(count):
                list(send(query, FIND if send == peer.send_c_find else GET))
        if number < int(moves):
            list(peer.send_c_move(query, "NOWHERE", MOVE))
    peer.release()


def document(host: str, kind: str) -> None:
    """Store an encapsulated document that holds a program's beginning, or a real document's."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = EncapsulatedPDFStorage, "2.25.71"
    data.MIMETypeOfEncapsulatedDocument = "application/pdf"
    data.EncapsulatedDocument = STUB if kind == "program" else b"%PDF-1.4\n%%EOF\n"
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ae = AE(ae_title="SCANNER")
    ae.add_requested_context(EncapsulatedPDFStorage)
    peer = ae.associate(host, 11112, ae_title="ARCHIVE")
    peer.send_c_store(data)
    peer.release()


def part10(preamble: bytes) -> bytes:
    """A small DICOM file with this at its beginning."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = EncapsulatedPDFStorage, "2.25.7"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", Dataset(), file_meta=meta, preamble=preamble.ljust(128, b"\0"))
    data.SOPClassUID, data.SOPInstanceUID = EncapsulatedPDFStorage, "2.25.7"
    data.Manufacturer = "WARDWATCH"
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def multipart(file: bytes) -> bytes:
    """A body of one part, as STOW-RS and WADO-RS have it."""
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return head + file + f"\r\n--{BOUNDARY}--\r\n".encode()


def files(folder: str, begins: str) -> None:
    """Write a file and a body of one part, whose preamble begins like this."""
    file = part10(begins.encode("latin-1").decode("unicode_escape").encode("latin-1"))
    (Path(folder) / "image.dcm").write_bytes(file)
    (Path(folder) / "study.multipart").write_bytes(multipart(file))


class Answers(BaseHTTPRequestHandler):
    """Gives what is there, takes everything."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file of the folder, or a word."""
        path = Path(self.path.partition("?")[0].lstrip("/"))
        body, kind = b"{}", "application/json"
        if path.name and path.is_file():
            kind = f"multipart/related; type=application/dicom; boundary={BOUNDARY}"
            body, kind = (
                path.read_bytes(),
                kind if "multipart" in path.name else "application/dicom",
            )
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Take it."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST  # noqa: N815  the name that http.server calls


def web(port: str) -> None:
    """Serve the folder."""
    HTTPServer(("", int(port)), Answers).serve_forever()


def ftp(port: str) -> None:
    """Serve the folder over FTP to everybody with the password `right`, and take files."""
    from pyftpdlib.authorizers import DummyAuthorizer  # noqa: PLC0415
    from pyftpdlib.handlers import FTPHandler  # noqa: PLC0415
    from pyftpdlib.servers import FTPServer  # noqa: PLC0415

    authorizer = DummyAuthorizer()
    authorizer.add_user("clerk", "right", ".", perm="elradfmw")
    FTPHandler.authorizer = authorizer
    FTPHandler.auth_failed_timeout = 0
    FTPServer(("", int(port)), FTPHandler).serve_forever()


def logins(host: str, *pairs: str) -> None:
    """Try accounts by FTP, each on a connection of its own."""
    for pair in pairs:
        name, _, password = pair.partition(":")
        with ftplib.FTP(host, timeout=5) as client:  # noqa: S321  what the rules are about
            try:
                client.login(name, password)
            except ftplib.error_perm:
                continue


def raw(text: str) -> bytes:
    """Text with escapes as bytes."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def answer(port: str, greeting: str, *replies: str) -> None:
    """Greet whoever connects, and say the next reply to each thing that comes, then the last."""
    server = socket.create_server(("", int(port)))
    while True:
        peer, _ = server.accept()
        with peer:
            if greeting:
                peer.sendall(raw(greeting))
            left = list(replies)
            while peer.recv(65536):
                if left:
                    peer.sendall(raw(left.pop(0) if len(left) > 1 else left[0]))


def talk(host: str, port: str, *parts: str) -> None:
    """Send one thing after the other, and wait a moment for what comes back."""
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.settimeout(0.25)
        for part in ("", *parts):
            if part:
                client.sendall(raw(part))
            try:
                client.recv(65536)
            except TimeoutError:
                continue


VERBS = {
    verb.__name__: verb
    for verb in (archive, call, sweep, document, files, web, ftp, logins, answer, talk)
}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])
