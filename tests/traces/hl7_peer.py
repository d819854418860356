"""A station that speaks HL7, run inside a persona: the packages hl7 and hl7apy over MLLP, a sender
without any framing, and HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import hl7
import hl7_messages as messages
from hl7.client import MLLPClient
from hl7.mllp import start_hl7_server
from hl7apy.core import Message
from hl7apy.mllp import AbstractHandler, MLLPServer

BODY = "application/hl7-v2"


def said(name: str, count: int) -> list[str]:
    """Return what a station says: its one message, or a gateway's about its pumps in turn."""
    if name == "pumps":
        return [messages.pump(number % len(messages.PUMPS), number) for number in range(count)]
    if name == "relayed":
        return [messages.medfusion(serial) for serial in messages.RELAYED] * count
    return [getattr(messages, name)()] * count


def send(options: argparse.Namespace) -> None:
    """Send over MLLP, all on one connection."""
    with MLLPClient(options.host, options.port) as client:
        for text in said(options.message, options.count):
            if b"MSA" not in client.send_message(text):
                sys.exit("no acknowledgement")


def send_bare(options: argparse.Namespace) -> None:
    """Send with line feeds and no framing, as some senders do."""
    with socket.create_connection((options.host, options.port)) as peer:
        for text in said(options.message, options.count):
            peer.sendall(text.replace("\r", "\n").encode())
            if b"MSA" not in peer.recv(4096):
                sys.exit("no acknowledgement")


def post(options: argparse.Namespace) -> None:
    """Send as the body of an HTTP request."""
    url = f"http://{options.host}:{options.port}/hl7"
    for text in said(options.message, options.count):
        request = urllib.request.Request(url, text.encode(), {"Content-Type": BODY})
        with urllib.request.urlopen(request) as answer:  # noqa: S310  the persona's own server
            if b"MSA" not in answer.read():
                sys.exit("no acknowledgement")


async def answer(reader: Any, writer: Any, name: str) -> None:
    """Acknowledge each message of a connection, under our own name."""
    try:
        while not writer.is_closing():
            message = await reader.readmessage()
            writer.writemessage(message.create_ack(application=name, facility="HOSPITAL"))
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()


async def serve(options: argparse.Namespace) -> None:
    """Take messages with the package hl7, on connections that last."""
    server = await start_hl7_server(
        lambda reader, writer: answer(reader, writer, options.name),
        host=options.host, port=options.port, encoding="utf-8", limit=1 << 20,
    )  # fmt: skip
    async with server:
        await server.serve_forever()


class Acknowledge(AbstractHandler):  # type: ignore[misc]  # untyped package
    """Answer with hl7apy; its server takes one message a connection."""

    def reply(self) -> str:
        """Return an acknowledgement."""
        ack = Message("ACK")
        ack.msh.msh_3, ack.msh.msh_4, ack.msh.msh_9 = "LIS", "HOSPITAL", "ACK"
        ack.msh.msh_10 = "1"
        ack.add_segment("MSA")
        ack.msa.msa_1, ack.msa.msa_2 = "AA", self.incoming_message.split("|")[9]
        return str(ack.to_mllp())


def serve_once(options: argparse.Namespace) -> None:
    """Take messages with hl7apy."""
    handlers = {"OUL^R22^OUL_R22": (Acknowledge,)}
    MLLPServer(options.host, options.port, handlers).serve_forever()


def serve_bare(options: argparse.Namespace) -> None:
    """Take messages without framing."""
    with socket.create_server((options.host, options.port)) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                while peer.recv(65536):
                    peer.sendall(
                        f"MSH|^~\\&|{options.name}|HOSPITAL|||2026||ACK|1|P|2.3\nMSA|AA|1\n".encode()
                    )


class Web(BaseHTTPRequestHandler):
    """Answer HL7 over HTTP."""

    def do_POST(self) -> None:
        """Acknowledge a message."""
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        reply = str(hl7.parse(text).create_ack(application="WEB-ENGINE")).encode()
        self.send_response(200)
        self.send_header("Content-Type", BODY)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    does = ("send", "send-bare", "post", "serve", "serve-once", "serve-bare", "web")
    parser.add_argument("do", choices=does)
    parser.add_argument("host", help="whom to talk to, or the address to listen on")
    parser.add_argument("port", type=int)
    parser.add_argument("--message", default="monitor", help="a function of hl7_messages, or pumps")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--name", default="ENGINE")
    options = parser.parse_args()
    if options.do == "serve":
        asyncio.run(serve(options))
    elif options.do == "web":
        HTTPServer((options.host, options.port), Web).serve_forever()
    else:
        todo = {"send": send, "send-bare": send_bare, "post": post}
        (todo | {"serve-once": serve_once, "serve-bare": serve_bare})[options.do](options)


if __name__ == "__main__":
    main()
