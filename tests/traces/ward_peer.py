"""The few talkers of gen_wards.py that no package brings as a program: a desktop's first answer,
a servlet container's ping, a terminal server, a telnet log-in, and who asks for them.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

# X.224 connection request and confirm with their negotiation (MS-RDPBCGR 2.2.1.1 and 2.2.1.2): the
# client can do TLS and network level authentication (3), the server chooses RDP's own security (0).
RDP_REQUEST = bytes.fromhex("030000130ee000000000000100080003000000")
RDP_CONFIRM = bytes.fromhex("030000130ed000001234000200080000000000")
# Tomcat's AJP 1.3: the web server's CPing (10), the container's CPong (9).
AJP_PING, AJP_PONG = bytes.fromhex("123400010a"), bytes.fromhex("4142000109")
SERIAL_ASK, SERIAL_TOLD = b"\x1bVTX\r", b"\x1bSTANDBY\r"  # invented words of a serial line
WILL_ECHO = bytes.fromhex("fffb01fffb03")  # and suppress go-ahead (RFC 857, RFC 858)
ANSWERS = {
    RDP_REQUEST: RDP_CONFIRM,
    AJP_PING: AJP_PONG,
    SERIAL_ASK: SERIAL_TOLD,
}
ASKS = {"rdp": RDP_REQUEST, "ajp": AJP_PING, "serial": SERIAL_ASK}


def serve(port: str) -> None:
    """Answer each caller's first words."""
    with socket.create_server(("", int(port))) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                peer.sendall(ANSWERS.get(peer.recv(1024), b""))
                peer.recv(1)


def greet(greeting: str) -> None:
    """Greet by telnet, ask for a log-in and let nobody in."""
    with socket.create_server(("", 23)) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                peer.sendall(WILL_ECHO + greeting.replace("\n", "\r\n").encode() + b"login: ")
                peer.recv(1024)
                peer.sendall(b"Password: ")
                peer.recv(1024)
                peer.sendall(b"\r\nLogin incorrect\r\n")


def ask(what: str, host: str, port: str) -> None:
    """Say the first words of a protocol, and see that they are answered."""
    with socket.create_connection((host, int(port)), timeout=5) as peer:
        peer.sendall(ASKS[what])
        if peer.recv(1024) != ANSWERS[ASKS[what]]:
            sys.exit(f"{host}:{port} does not speak {what}")


def knock(host: str, port: str) -> None:
    """Call a port that must be closed."""
    with socket.socket() as peer:
        peer.settimeout(5)
        if peer.connect_ex((host, int(port))) == 0:
            sys.exit(f"{host}:{port} is open")


def log_in(host: str, user: str, password: str) -> None:
    """Log in by telnet, word after word as it is asked for."""
    with socket.create_connection((host, 23), timeout=5) as peer:
        for prompt, word in ((b"login:", user), (b"assword:", password)):
            said = b""
            while prompt not in said:
                said += peer.recv(1024) or sys.exit(f"{host} asked for no {prompt.decode()}")
            peer.sendall(word.encode() + b"\r\n")
        peer.recv(1024)


if __name__ == "__main__":
    do: dict[str, Callable[..., None]] = {
        "serve": serve, "greet": greet, "ask": ask, "knock": knock, "log-in": log_in
    }  # fmt: skip
    do[sys.argv[1]](*sys.argv[2:])
