"""What reading XML and JSON costs in memory, whatever the document: nothing that stays."""

from __future__ import annotations

from typing import Any

import pytest

SCRIPT = """
    event zeek_done()
        { print fmt("mem=%d", get_proc_stats()$mem); }
"""
XML = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3">'
    + "".join(f'<a xmlns:b{n}="x">' for n in range(44))
    + '<a xmlns:c="urn:y">z</a>' * 8000
).encode()
# Long names inside one another.
NEST = b"".join(b'{"%060d":' % n for n in range(40)) + b"[]" + b"}" * 40
JSON = b'{"resourceType":"Bundle","entry":[' + b",".join([NEST] * 90) + b"]}"


@pytest.mark.parametrize(("kind", "body"), [("text/xml", XML), ("application/fhir+json", JSON)])
def test_nothing_stays(
    run_zeek: Any, frames: Any, conversation: Any, kind: str, body: bytes
) -> None:
    """Twelve documents need no more memory than two, but for what Zeek itself does."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    needed = []
    for documents in (2, 12):
        packets = []
        for number in range(documents):
            talk = conversation(client_port=40000 + number, server_port=80)
            parts = [(True, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (False, head.encode() + body)]
            packets += talk.packets(parts)
        script = SCRIPT + "redef tcp_max_above_hole_without_any_acks = 0;"
        run = run_zeek(capture=frames(packets), script=script)
        run.assert_quiet()
        [memory] = [line for line in run.output.splitlines() if line.startswith("mem=")]
        needed.append(int(memory.removeprefix("mem=")))
    assert needed[1] - needed[0] < 20_000_000
