"""The talkers of gen_unrelated.py that no package brings as a program: web pages and files to
serve, mail, look-ups in bulk, and noise on any port.
"""

from __future__ import annotations

import asyncio
import gzip
import imaplib
import json
import random
import selectors
import smtplib
import socket
import sys
import time
from contextlib import suppress
from email.message import EmailMessage
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from near_misses import JSON, LOOK_ALIKES, TCP_PORTS, WORDS, noise, talks

PASSWORD = "pass"  # noqa: S105  an invented user's
MORE_PORTS = tuple(range(30000, 30020))
# What documents of a hospital's intranet may quote.
QUOTED = (
    b"\nMSH|^~\\&|APP|FAC|||2026||ADT^A01|1|P|2.3\n"
    b"H|\\^&|||Analyser^1\n<HEL.R01>\nDICM 1.2.840.10008\n"
)
FEED = b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><e>%s</e></feed>"


def text(chance: random.Random, size: int) -> bytes:
    """Return lines of words, some that quote what looks medical."""
    lines = [b" ".join(chance.choices(WORDS, k=12)) for _ in range(200)] + [QUOTED]
    block = b"\r\n".join(chance.sample(lines, len(lines)))
    return (block * (size // len(block) + 1))[:size]


def records(chance: random.Random, size: int) -> bytes:
    """Return JSON of things that have makers and serial numbers."""
    word = WORDS[0].decode()
    things = [
        {"id": n, "resourceType": chance.choice(("Order", "device", "Chair")), "title": word,
         "manufacturer": "Acme", "serialNumber": f"{chance.getrandbits(40):x}", "nested": JSON[1]}
        for n in range(max(1, size // 220))
    ]  # fmt: skip
    return json.dumps({"entry": things}).encode()


def pages(folder: str, count: str, size: str, seed: str) -> None:
    """Write files of web sites: text, scripts, JSON, XML, pictures, archives."""
    chance = random.Random(seed)  # noqa: S311  not secret
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number in range(int(count)):
        length = int(chance.uniform(0.3, 1.7) * int(size))
        made = {
            "html": lambda n: b"<!DOCTYPE html><html><pre>%s</pre></html>" % text(chance, n),
            "js": lambda n: b"var x = '%s';" % text(chance, n).replace(b"\r\n", b"';\nx += '"),
            "json": lambda n: records(chance, n),
            "xml": lambda n: FEED % text(chance, n).replace(b"<", b"&lt;").replace(b"&", b"&amp;"),
            "png": lambda n: b"\x89PNG\r\n\x1a\n" + chance.randbytes(n),
            "bin": lambda n: chance.choice(LOOK_ALIKES) + chance.randbytes(n),
            "gz": lambda n: gzip.compress(text(chance, n * 8)),
        }
        kind = list(made)[number % len(made)]
        (Path(folder) / f"f{number}.{kind}").write_bytes(made[kind](length))


class Web(SimpleHTTPRequestHandler):
    """Python's own web server, which also takes what is posted."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take a body and answer with JSON."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(JSON[0]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def web(folder: str, port: str) -> None:
    """Serve a folder."""
    ThreadingHTTPServer(("", int(port)), lambda *a: Web(*a, directory=folder)).serve_forever()


def smtp(port: str) -> None:
    """Take mail (aiosmtpd)."""
    from aiosmtpd.controller import Controller  # noqa: PLC0415  only where it is used

    class Drop:
        async def handle_DATA(self, *_: object) -> str:  # noqa: N802  the package's name
            return "250 OK"

    controller = Controller(Drop(), hostname="0.0.0.0", port=int(port))  # noqa: S104
    controller.start()  # type: ignore[no-untyped-call]
    asyncio.new_event_loop().run_forever()


def mail(host: str, port: str, count: str, size: str) -> None:
    """Send mail with attachments."""
    chance = random.Random(2)  # noqa: S311
    with smtplib.SMTP(host, int(port)) as server:
        for number in range(int(count)):
            message = EmailMessage()
            message["From"], message["To"] = "a@hospital.example", "b@hospital.example"
            message["Subject"] = f"Report {number}"
            message.set_content(text(chance, 2000).decode())
            body = records(chance, int(size)) if number % 2 else chance.randbytes(int(size))
            message.add_attachment(body, maintype="application", subtype="octet-stream")
            server.send_message(message)


def imap(host: str, user: str, count: str, size: str) -> None:
    """Put mail into a mailbox and read it again."""
    chance = random.Random(3)  # noqa: S311
    with imaplib.IMAP4(host) as box:
        box.login(user, PASSWORD)
        for _ in range(int(count)):
            box.append("INBOX", None, None, b"Subject: x\r\n\r\n" + text(chance, int(size)))
        box.select()
        for number in range(1, int(count) + 1):
            box.fetch(str(number), "(RFC822)")


def look_up(count: str) -> None:
    """Ask the name server for names that it has and names that it has not."""
    for number in range(int(count)):
        with suppress(socket.gaierror):
            socket.getaddrinfo(f"host{number % 400}.hospital.example", 80)


def take_noise() -> None:
    """Listen on many ports and answer each piece with as much sense."""
    chance, chosen = random.Random(4), selectors.DefaultSelector()  # noqa: S311
    for port in (*TCP_PORTS, *MORE_PORTS):
        chosen.register(socket.create_server(("", port), backlog=200), selectors.EVENT_READ, True)
    while True:
        for key, _ in chosen.select():
            peer = key.fileobj
            assert isinstance(peer, socket.socket)
            if key.data:
                connection, _ = peer.accept()
                chosen.register(connection, selectors.EVENT_READ, False)
                continue
            with suppress(OSError):
                if peer.recv(1 << 16):
                    peer.sendall(chance.choice((noise(chance, 2000), chance.choice(LOOK_ALIKES))))
                    continue
            chosen.unregister(peer)
            peer.close()


def make_noise(host: str, seed: str, seconds: str, megabytes: str) -> None:
    """Say what is almost a medical protocol, and random bytes, to many ports."""
    chance, left = random.Random(seed), int(megabytes) * 1_000_000  # noqa: S311
    end = time.monotonic() + float(seconds)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for talk in talks(chance, 1_000_000):
        if time.monotonic() > end or left < 0:
            break
        said = [part for is_client, part in talk.parts if is_client]
        left -= sum(map(len, said))
        if talk.udp:
            datagrams.sendto(said[0], (host, talk.port))
            continue
        port = talk.port if talk.port in TCP_PORTS else chance.choice(MORE_PORTS)
        try:
            with socket.create_connection((host, port), 2) as peer:
                peer.settimeout(0.5)
                for part in said:
                    peer.sendall(part)
                    peer.recv(1 << 16)
                if chance.random() < 0.2:
                    much = chance.randrange(200_000)
                    left -= much
                    peer.sendall(chance.randbytes(much))
        except OSError:
            continue


if __name__ == "__main__":
    doing = {one.__name__.replace("_", "-"): one for one in (
        pages, web, smtp, mail, imap, look_up, take_noise, make_noise)}  # fmt: skip
    doing[sys.argv[1]](*sys.argv[2:])
