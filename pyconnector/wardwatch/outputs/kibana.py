"""Kibana's saved-objects API: import what `kibana_objects` builds.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-post-saved-objects-import. Nothing
else is asked, and no address is followed to which Kibana, or a proxy before it, would lead.
"""

from __future__ import annotations

import json
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit
from uuid import uuid4

from wardwatch.outputs.elasticsearch_client import credentials, one_line
from wardwatch.outputs.elasticsearch_settings import ElasticsearchSettings
from wardwatch.outputs.kibana_settings import KibanaError, KibanaSettings

TIMEOUT = 120
ANSWER = 16 * 2**20  # bytes of an answer that are read
TOLD = 10  # errors that are told one by one

_REMEDIES = {
    400: "refused the file ({reason}). Kibana 8.14 to 9.x takes it.",
    401: "refused the credentials ({reason}): check the API key, or username and password_file, in "
    "[elasticsearch]; Kibana takes the same.",
    403: "does not allow this ({reason}): the user or API key needs the Kibana privilege for saved "
    "objects (Management, or all) in this space.",
    404: "has no such address ({reason}): check the url, with the base path if Kibana has one and "
    "does not rewrite it, and the space.",
    409: "has a conflict with another change ({reason}): try again.",
    413: "finds the file too large ({reason}): raise savedObjects.maxImportPayloadBytes, or the "
    "limit of the proxy in front of it.",
    415: "does not take the form of the file ({reason}): is it Kibana that answers at this url?",
    429: "is too busy ({reason}): try again later.",
    **dict.fromkeys((502, 503, 504), "is not ready ({reason}): try again in a minute."),
}
_ERRORS = {
    "ambiguous_conflict": "several objects are copies of it: delete those, or use another space",
    "conflict": "is there already; with --overwrite it is replaced, and with it what was changed "
    "by hand",
    "missing_references": "refers to {missing}, which is not there",
    "unsupported_type": "is of a type that this Kibana does not know: it must be 8.14 to 9.x",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many objects were taken, and a sentence for each that was not."""

    count: int
    failures: tuple[str, ...] = ()


def load(
    settings: KibanaSettings,
    secrets: ElasticsearchSettings,
    content: bytes,
    *,
    overwrite: bool = False,
) -> Imported:
    """Import an NDJSON of saved objects. What Kibana refuses of it is told, the rest is there."""
    url = _checked(settings.url)
    space = f"/s/{quote(settings.space, safe='')}" if settings.space else ""
    path = f"{url.path.rstrip('/')}{space}/api/saved_objects/_import"
    boundary = uuid4().hex
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "kbn-xsrf": "true",
        **_authorization(secrets),
    }
    body = _form(boundary, content)
    connection = _connection(url, settings, secrets)
    try:
        connection.request("POST", f"{path}?overwrite={str(overwrite).lower()}", body, headers)
        response = connection.getresponse()
        status, answer = response.status, response.read(ANSWER)
    except ssl.SSLError as error:
        raise KibanaError(
            f"{settings.url} cannot be trusted or speaks no TLS ({error.reason or error}): set "
            "ca_file in [kibana] to the authority that signed its certificate, and use the host "
            "name that the certificate is for."
        ) from None
    except (OSError, HTTPException) as error:
        told = one_line(str(error) or type(error).__name__)
        raise KibanaError(
            f"{settings.url} cannot be reached ({told}): check that Kibana runs, the url (https, "
            "not http, where it speaks TLS) and the firewall."
        ) from None
    finally:
        connection.close()
    return _result(settings.url, status, answer)


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise KibanaError(
            "The url of Kibana holds a user name or password, and would be shown: use "
            "api_key_file, or username and password_file, in [elasticsearch]."
        )
    try:
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        known = False
    if not known or not url.isascii() or not url.isprintable() or " " in url:
        raise KibanaError(f"{one_line(url)!r} is no url of Kibana: write it as https://name:5601.")
    return parts


def _authorization(secrets: ElasticsearchSettings) -> dict[str, str]:
    known = credentials(secrets)
    if "api_key" in known:
        return {"Authorization": f"ApiKey {known['api_key']}"}
    return {"Authorization": f"Basic {known['basic_auth']}"} if known else {}


def _form(boundary: str, content: bytes) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="iomt.ndjson"\r\n'
        "Content-Type: application/x-ndjson\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()


def _connection(
    url: SplitResult, settings: KibanaSettings, secrets: ElasticsearchSettings
) -> HTTPConnection:
    name = url.hostname or ""
    if url.scheme == "http":
        return HTTPConnection(name, url.port, timeout=TIMEOUT)
    file = settings.ca_file or secrets.ca_file
    try:
        context = ssl.create_default_context(cafile=file)
    except OSError as error:  # not a file, or no certificate in it
        raise KibanaError(
            f"{file} holds no certificate ({error.strerror}): check ca_file."
        ) from None
    if not secrets.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection(name, url.port, timeout=TIMEOUT, context=context)


def _result(url: str, status: int, answer: bytes) -> Imported:
    said = _json(answer)
    if status != 200:
        reason = one_line(str(said.get("message") or said.get("error") or f"status {status}"))
        remedy = _REMEDIES.get(status, "refused: {reason} (status {status}).")
        if 300 <= status < 400:
            remedy = "leads elsewhere ({reason}): name the address of Kibana itself, not a log-in."
        raise KibanaError(f"{url} {remedy.format(reason=reason, status=status)}")
    if not isinstance(said.get("success"), bool):
        raise KibanaError(f"{url} answers, but is no Kibana: check the url.")
    errors = [one for one in said.get("errors") or () if isinstance(one, dict)]
    failures = tuple(_told(errors))
    if not said["success"] and not failures:
        failures = ("Kibana says that not all was imported, and not why: see its own log.",)
    return Imported(count=int(said.get("successCount") or 0), failures=failures)


def _json(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except ValueError:
        text = answer[:300].decode(errors="replace").strip()
        return {"message": text} if text and not text.startswith("<") else {}
    return said if isinstance(said, dict) else {}


def _told(errors: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what went wrong: the first of each kind by name, the rest as a number."""
    many: Counter[str] = Counter()
    for one in errors:
        known = one.get("error")
        error = known if isinstance(known, dict) else {}
        kind = str(error.get("type"))
        many[kind] += 1
        if many[kind] <= TOLD:
            yield one_line(f"{one.get('type')} {one.get('id')}: {_why(kind, error)}")
    for kind, number in many.items():
        if number > TOLD:
            yield one_line(f"and {number - TOLD} more with {kind}")


def _why(kind: str, error: dict[str, Any]) -> str:
    listed = error.get("references")
    missing = ", ".join(
        f"{one.get('type')} {one.get('id')}"
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    )
    known = _ERRORS.get(kind)
    if known is None:
        return str(error.get("message") or kind)
    return known.format(missing=missing or "something")
