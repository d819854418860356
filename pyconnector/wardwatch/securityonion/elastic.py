"""Elasticsearch by Security Onion's own `so-elasticsearch-query`, which logs in as its superuser.

That is curl with the login of the machine; no password passes through here, and the superuser is
used at install alone. The client's requests go through it, so what is put is what
`wardwatch elasticsearch setup` puts. Bodies go by its input, where `ps` does not show them.
"""

from __future__ import annotations

import time
from typing import Any

from elastic_transport import ApiResponseMeta, BaseNode, HttpHeaders, NodeConfig
from elastic_transport import ConnectionError as Unreachable
from elastic_transport._node import NodeApiResponse  # what a node has to return
from elasticsearch import Elasticsearch

from wardwatch.securityonion import SecurityOnionError
from wardwatch.securityonion.machine import Machine

QUERY = "so-elasticsearch-query"


def connect(machine: Machine) -> Elasticsearch:
    """Return a client that asks by Security Onion's own program."""

    class _Query(BaseNode):
        """Sends a request by running that program."""

        def perform_request(
            self,
            method: str,
            target: str,
            body: bytes | None = None,
            headers: HttpHeaders | None = None,  # noqa: ARG002  the program sets its own
            request_timeout: Any = None,  # noqa: ARG002  as has curl
        ) -> NodeApiResponse:
            started = time.monotonic()
            words = ["--head"] if method == "HEAD" else ["-D", "-", "-X", method]
            if body is not None:
                words += ["--data-binary", "@-"]
            try:
                answer = machine.run(QUERY, target.lstrip("/"), "-g", *words, data=body)
            except SecurityOnionError as error:
                raise Unreachable(str(error)) from None
            status, known, content = _parsed(answer.out)
            if answer.status or not status:
                raise Unreachable(f"{QUERY} ended with {answer.status}: {answer.said}")
            took = time.monotonic() - started
            meta = ApiResponseMeta(
                status=status, http_version="1.1", headers=known, duration=took, node=self.config
            )
            return NodeApiResponse(meta, content)

        def close(self) -> None:
            """There is nothing to close."""

    return Elasticsearch([NodeConfig("https", "localhost", 9200)], node_class=_Query, max_retries=0)


def _parsed(text: str) -> tuple[int, HttpHeaders, bytes]:
    """Return status, headers and body of what curl printed: several heads, where it was led on."""
    status, headers = 0, HttpHeaders()
    text = text.replace("\r\n", "\n")
    while text.startswith("HTTP/"):
        head, _, text = text.partition("\n\n")
        first, *lines = head.split("\n")
        words = first.split()
        status = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
        headers = HttpHeaders(
            {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        )
    return status, headers, text.encode()


def within(ours: Any, theirs: Any) -> bool:
    """Say whether all that was put is there; the server adds, and writes numbers as texts."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(within(v, theirs.get(k)) for k, v in ours.items())
    if isinstance(ours, list):
        return (
            isinstance(theirs, list)
            and len(ours) == len(theirs)
            and all(within(a, b) for a, b in zip(ours, theirs, strict=True))
        )
    return ours == theirs or (theirs is not None and str(ours).lower() == str(theirs).lower())
