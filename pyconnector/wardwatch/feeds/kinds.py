"""Which feed a file is of: told by what it holds, never by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.feed_form import FeedError, decode
from wardwatch_enrichment.json_place import AdvisoryError

MB = 1 << 20
# The largest file of each kind, with room to grow; the figures of 2025 are a quarter or less.
LIMITS = {
    "csaf": 32 * MB,
    "vex": 32 * MB,
    "kev": 32 * MB,
    "epss": 64 * MB,
    "ssvc": 8 * MB,
    "eol": 8 * MB,
    "openfda": 512 * MB,
}
# By what a file is still told when it is damaged: the one key that only this feed has.
_MARKS = (
    (rb'"csaf_version"', "csaf"),
    (rb'"catalogVersion"', "kev"),
    (rb'"https://openvex\.dev/', "vex"),
    (rb'"(?:dataType"\s*:\s*"CVE_RECORD|cveMetadata)"', "ssvc"),
    (rb'"(?:product_res_number|recall_number|life_sustain_support_flag)"', "openfda"),
    (rb'"(?:cycle|eolFrom|isEol)"', "eol"),
)
_HEAD = 64 << 10


class _Top(msgspec.Struct, rename={"context": "@context"}):
    """The keys at the top that tell the feeds apart."""

    context: msgspec.Raw | None = None
    document: msgspec.Raw | None = None
    catalog: msgspec.Raw | None = msgspec.field(name="catalogVersion", default=None)
    cve: msgspec.Raw | None = msgspec.field(name="cveMetadata", default=None)
    result: msgspec.Raw | None = None
    results: msgspec.Raw | None = None
    feed: msgspec.Raw | None = None
    distributions: msgspec.Raw | None = None
    providers: msgspec.Raw | None = msgspec.field(name="csaf_providers", default=None)


_KEYS = (
    ("document", "csaf"),
    ("catalog", "kev"),
    ("cve", "ssvc"),
    ("context", "vex"),
    ("results", "openfda"),
    ("result", "eol"),
    ("feed", "listing"),
    ("distributions", "listing"),
    ("providers", "listing"),
)


class _Cycle(msgspec.Struct):
    cycle: msgspec.Raw


def of(body: bytes) -> str | None:
    """Return the kind of a file, "listing" for one of a CSAF provider, None for any other file."""
    start = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"#model_version", b"cve,epss")):
        return "epss"
    if start.startswith(b"---"):
        return "eol" if b"\nreleases:" in start and b"\npermalink:" in start else None
    if not start.startswith((b"{", b"[")):
        return None
    try:
        if start.startswith(b"["):
            return "eol" if msgspec.json.decode(body, type=list[_Cycle]) else None
        top = msgspec.json.decode(body, type=_Top)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return next((kind for mark, kind in _MARKS if re.search(mark, start)), None)
    return next((kind for key, kind in _KEYS if getattr(top, key) is not None), None)


def name(kind: str, body: bytes) -> str:
    """Return under which name the state of a file's feed is kept."""
    if kind == "csaf":
        found = re.search(rb'"namespace"\s*:\s*"([^"]{1,200})"', body[:_HEAD])
        return csaf_name(found[1].decode(errors="replace") if found else "")
    if kind == "openfda":
        is_class = b'"life_sustain_support_flag"' in body[:_HEAD]
        return "fda classification" if is_class else "fda recalls"
    return kind


def csaf_name(publisher: str) -> str:
    """Return the name of the feed of a publisher's documents."""
    try:
        host = urlsplit(publisher).hostname
    except ValueError:
        host = None
    return f"csaf {host}" if host else "csaf"


def product(name: str) -> str:
    """Return which product a file of endoflife.date is of, where only its name tells."""
    base = name.rstrip("/").rpartition("/")[2]
    return re.sub(r"\.(json|md)$", "", base.lower())


class _Publisher(msgspec.Struct):
    namespace: str


class _Tracking(msgspec.Struct):
    id: str
    current_release_date: datetime
    version: str


class _Document(msgspec.Struct):
    category: str
    csaf_version: str
    publisher: _Publisher
    tracking: _Tracking


class _Csaf(msgspec.Struct):
    document: _Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What tells one CSAF document, and one version of it, from another."""

    publisher: str
    id: str
    version: str
    released: float
    is_vex: bool


def csaf_header(body: bytes) -> Header:
    """Return the header of a CSAF document; raises `FeedError`."""
    about = decode(body, _Csaf).document
    if about.csaf_version not in ("2.0", "2.1"):
        raise FeedError(f"$.document.csaf_version: {about.csaf_version[:20]!r} is not known")
    released = about.tracking.current_release_date
    if released.tzinfo is None:
        raise FeedError("$.document.tracking.current_release_date: has no time zone")
    if not about.tracking.id.strip() or len(about.tracking.id) > 200:
        raise FeedError("$.document.tracking.id: is none")
    return Header(
        publisher=about.publisher.namespace,
        id=about.tracking.id.strip(),
        version=about.tracking.version,
        released=released.timestamp(),
        is_vex=about.category == "csaf_vex",
    )


def check_csaf(body: bytes) -> None:
    """Raise `FeedError` where a document cannot be read as an advisory."""
    try:
        csaf.parse(body)
    except (AdvisoryError, RecursionError) as error:
        raise FeedError(str(error)) from None
