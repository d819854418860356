"""The connection to Elasticsearch: settings, secrets, TLS, and errors that say what to do."""

from __future__ import annotations

import logging
import os
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import msgspec
from elastic_transport import JsonSerializer, Transport, TransportApiResponse
from elasticsearch import (
    ApiError,
    ConnectionError,  # noqa: A004 - the client's own, not the builtin
    ConnectionTimeout,
    Elasticsearch,
    SerializationError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)

from wardwatch.outputs.elasticsearch_settings import ElasticsearchError, ElasticsearchSettings

API_KEY_VARIABLE = "WARDWATCH_ELASTICSEARCH_API_KEY"
PASSWORD_VARIABLE = "WARDWATCH_ELASTICSEARCH_PASSWORD"  # noqa: S105 - a name, not a password
REQUEST_TIMEOUT = 60
BUSY = (429, 502, 503, 504)
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between attempts at a server that says it is busy

_API_KEY = re.compile(r"[!-~]+")
_PRODUCT = "x-elastic-product"  # a header of every answer of Elasticsearch
_PROXY = (401, 403, 413, *BUSY)  # what a proxy in front of it may answer in its place
_NOT_SUPPORTED = "answers, but is no Elasticsearch 8.14 to 9.x: check the url."
NEEDED = (
    "read, write, maintenance and view_index_metadata on logs-iomt_*, create_doc and "
    "auto_configure on logs-iomt.*"
)
_REMEDIES = {
    401: "refused the credentials ({reason}): check the API key (its encoded form) or the "
    "user name and password.",
    403: f"does not allow this ({{reason}}). Publishing needs {NEEDED}; setup needs manage there, "
    "and manage_index_templates on the cluster.",
    404: "has no {index} ({reason}): run `wardwatch elasticsearch setup`.",
    406: _NOT_SUPPORTED,
    413: "finds the request too large ({reason}): raise http.max_content_length, or the limit of "
    "the proxy in front of it.",
    429: "is too busy, even after waiting ({reason}): try again later.",
    **dict.fromkeys(
        (502, 503, 504),
        "is not ready, even after waiting ({reason}): try again later, or see its own log.",
    ),
}


_UNREACHABLE = (  # the first that fits: a TLS error is a connection error, too
    (
        SSLError,
        "cannot be trusted or speaks no TLS ({reason}): set ca_file to the authority that signed "
        "its certificate, and use the host name that the certificate is for.",
    ),
    (
        ConnectionError,
        "cannot be reached ({reason}): check that it runs, the url (https, not http, where it "
        "speaks TLS) and the firewall.",
    ),
    (ConnectionTimeout, f"did not answer within {REQUEST_TIMEOUT} seconds: is it overloaded?"),
)

# Every trouble is told once, as an error: without a handler Python would print the client's, too.
logging.getLogger("elastic_transport").addHandler(logging.NullHandler())


def connect(settings: ElasticsearchSettings) -> Elasticsearch:
    """Return a client by the settings. Nothing is sent before the first request."""
    urls = [_checked_url(url.strip()) for url in settings.url.split(",")]
    options = {**credentials(settings), **_tls(settings, urls)}
    try:
        return Elasticsearch(
            urls,
            request_timeout=REQUEST_TIMEOUT,
            retry_on_timeout=True,
            retry_on_status=(),  # those are _PatientTransport's
            transport_class=_PatientTransport,
            serializer=_Serializer(),
            **options,
        )
    except (OSError, ValueError) as error:
        raise ElasticsearchError(
            f"{', '.join(urls)} cannot be used ({one_line(str(error))}): check the settings."
        ) from None


class _Serializer(JsonSerializer):
    """Writes documents several times as fast as the client's own."""

    def json_dumps(self, data: Any) -> bytes:
        """Return a document as JSON; the client's own takes what is no valid Unicode, too."""
        try:
            return msgspec.json.encode(data)
        except UnicodeEncodeError:
            return super().json_dumps(data)


class _PatientTransport(Transport):
    """Waits for a server that is busy or starting; the client's own retries follow at once."""

    def perform_request(self, *args: Any, **options: Any) -> TransportApiResponse:
        """Send a request, again after a pause while the server asks for one."""
        for pause in PAUSES:
            response = super().perform_request(*args, **options)
            if response.meta.status not in BUSY:
                return response
            time.sleep(pause)
        return super().perform_request(*args, **options)


@contextmanager
def explained(
    client: Elasticsearch, index: str, remedies: Mapping[int, str] = MappingProxyType({})
) -> Iterator[None]:
    """Turn what the client raises into one sentence with a remedy, without the exchange itself.

    `remedies` are by status, where they are others than for publishing.
    """
    try:
        yield
    except (ApiError, TransportError) as error:
        urls = ", ".join(node.base_url for node in client.transport.node_pool.all())
        # Not chained: the client's exception holds headers and bodies of the exchange.
        raise ElasticsearchError(f"{urls} {_explanation(error, index, remedies)}") from None


def one_line(text: str, length: int = 300) -> str:
    """Return a server's words fit for a terminal: it may repeat what a device sent."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:length])
    return shown if len(text) <= length else shown + "…"


def _explanation(error: ApiError | TransportError, index: str, remedies: Mapping[int, str]) -> str:
    reason = one_line(_reason(error))
    if isinstance(error, UnsupportedProductError | SerializationError):
        return _NOT_SUPPORTED
    if isinstance(error, ApiError):
        if error.status_code not in _PROXY and _PRODUCT not in error.meta.headers:
            return _NOT_SUPPORTED
        known = {**_REMEDIES, **remedies}
        remedy = known.get(error.status_code, "refused: {reason} (status {status}).")
        return remedy.format(reason=reason, index=index, status=error.status_code)
    for kind, sentence in _UNREACHABLE:
        if isinstance(error, kind):
            return sentence.format(reason=reason)
    return f"cannot be used: {reason}."


def _reason(error: ApiError | TransportError) -> str:
    """Return what the server, or the system, said: the innermost words."""
    if not isinstance(error, ApiError):
        return str(error.errors[0] if error.errors else error.message)
    body: Any = error.body
    told = body.get("error") if isinstance(body, dict) else None
    if isinstance(told, dict):
        cause = told.get("caused_by") or {}
        return str(told.get("reason") or cause.get("reason"))
    return str(told or f"status {error.status_code}")


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ElasticsearchError(
            "The url of Elasticsearch holds a user name or password, and would be shown: "
            "use username and password_file, or api_key_file."
        )
    try:
        complete = parts.scheme in ("http", "https") and parts.hostname and parts.port
    except ValueError:  # a port that is no number
        complete = False
    if not complete:
        raise ElasticsearchError(
            f"{one_line(url)!r} is no url of Elasticsearch: write it as https://name:9200."
        )
    return url


def _tls(settings: ElasticsearchSettings, urls: list[str]) -> dict[str, Any]:
    if all(url.startswith("http:") for url in urls):
        if settings.ca_file:
            raise ElasticsearchError("ca_file is set, but the url is http: write it with https.")
        return {}
    if not settings.verify:
        return {"verify_certs": False, "ssl_show_warn": False}
    if settings.ca_file is None:
        return {}
    if not settings.ca_file.is_file():
        raise ElasticsearchError(f"There is no file {settings.ca_file}: check ca_file.")
    try:
        ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise ElasticsearchError(
            f"{settings.ca_file} holds no certificate ({error.strerror}): check ca_file."
        ) from None
    return {"ca_certs": str(settings.ca_file)}


def credentials(settings: ElasticsearchSettings) -> dict[str, Any]:
    """Return by what the settings prove who we are, as the client takes it; empty for nobody."""
    api_key = _secret(API_KEY_VARIABLE, "api_key_file", settings.api_key_file)
    password = _secret(PASSWORD_VARIABLE, "password_file", settings.password_file)
    if api_key and (settings.username or password):
        raise ElasticsearchError(
            "Both an API key and a user or password are given for Elasticsearch: keep one."
        )
    if (password is None) != (settings.username is None):
        raise ElasticsearchError(
            "Elasticsearch needs username together with a password, in password_file or "
            f"{PASSWORD_VARIABLE}; only one of the two is given."
        )
    if api_key:
        return {"api_key": api_key}
    if password is None:
        return {}
    # Encoded here: the client takes ASCII alone, and quotes the rest in its exception.
    pair = f"{settings.username}:{password}".encode()
    return {"basic_auth": b64encode(pair).decode()}


def _secret(variable: str, setting: str, path: Path | None) -> str | None:
    """Return a secret of the environment or else of a file; the text is in no message."""
    secret, origin = os.environ.get(variable), variable
    if secret is None:
        if path is None:
            return None
        origin = f"{setting} {path}"
        try:
            secret = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text"
            raise ElasticsearchError(
                f"{origin} cannot be read ({reason}): check the path and who may read it."
            ) from None
    secret = secret.strip()
    # Neither must break a header, for the exception would then quote it.
    if (
        not secret
        or not secret.isprintable()
        or (variable == API_KEY_VARIABLE and not _API_KEY.fullmatch(secret))
    ):
        raise ElasticsearchError(
            f"{origin} holds no usable secret: write it there again, in one line."
        )
    return secret
