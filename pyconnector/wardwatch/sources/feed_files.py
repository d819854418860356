"""Files of public feeds as they are carried in: single ones, folders, .gz and .zip.

Nothing is unpacked to disk, and no more is read than a feed can have. A checksum file beside a file
(`.sha512`, `.sha256`, as CSAF providers have them) is held against it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypedDict

MAX_BYTES = 512 << 20  # of one file unpacked: openFDA's recalls are some 150 MB
MAX_MEMBERS = 500_000
MAX_UNPACKED = 16 << 30  # of one archive: all CVE records are some 3 GB
SMALL = 1 << 20  # of a checksum or signature
HASHES = (("sha512", 128), ("sha256", 64))  # name and length in hexadecimal digits
_SUFFIXES = (".json", ".csv", ".md")
_LISTINGS = ("index.txt", "changes.csv")  # a provider's own, read by `update` alone


class FeedFileError(Exception):
    """A file cannot be read; the message names it and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """One file with its content. `named` is true for a file that was itself asked for.

    `verified` names the checksum beside it, which fits; `signature` is the one beside it.
    """

    place: str
    name: str
    body: bytes
    named: bool
    verified: str | None = None
    signature: bytes | None = None


def read(path: Path) -> Iterator[FeedFile | FeedFileError]:
    """Yield the files below a path, and in place of each that cannot be read what is wrong."""
    try:
        if path.is_dir():
            yield from _folder(path)
        elif path.is_file():
            yield from _file(path, str(path), named=True)
        else:
            yield FeedFileError(f"{path}: is no file or folder")
    except OSError as error:
        yield FeedFileError(f"{error.filename or path}: {error.strerror or error}")


def _folder(root: Path) -> Iterator[FeedFile | FeedFileError]:
    def fail(error: OSError) -> None:
        raise error

    for folder, below, names in os.walk(root, onerror=fail):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if not _may_be_feed(name):
                continue
            if path.is_symlink() and root.resolve() not in path.resolve().parents:
                yield FeedFileError(f"{path}: is a link that leads out of the folder; not followed")
            elif path.is_file():
                yield from _file(path, str(path), named=False)


def _may_be_feed(name: str) -> bool:
    base = name.lower().removesuffix(".gz")
    return (base.endswith(_SUFFIXES) and base not in _LISTINGS) or base.endswith(".zip")


def _file(path: Path, place: str, *, named: bool) -> Iterator[FeedFile | FeedFileError]:
    try:
        if zipfile.is_zipfile(path):
            yield from _archive(path, place)
            return
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            sealed = bounded(raw, place)
        body = sealed
        if packed:
            with gzip.open(io.BytesIO(sealed)) as stream:
                body = bounded(stream, place)
        yield FeedFile(
            place=place,
            name=path.name.removesuffix(".gz"),
            body=body,
            named=named,
            **_beside(place, path.name, sealed, lambda name: _small(path.with_name(name))),
        )
    except FeedFileError as error:
        yield error
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        yield FeedFileError(f"{place}: cannot be read, or ends early: {error}; copy it again")


def bounded(stream: BinaryIO | gzip.GzipFile, place: str) -> bytes:
    """Return all of a stream; raise `FeedFileError` where it holds more than a feed can."""
    body = stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise FeedFileError(f"{place}: is over {MAX_BYTES >> 20} MB; no feed is so large")
    return body


def unpacked(body: bytes, place: str) -> Iterator[FeedFile | FeedFileError]:
    """Yield what was downloaded: itself, or what is in it where it is a .gz or a .zip."""
    name = place.rpartition("/")[2]
    try:
        if body.startswith(b"PK\x03\x04"):
            yield from _archive(io.BytesIO(body), place)
            return
        if body.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(body)) as stream:
                body = bounded(stream, place)
        yield FeedFile(place=place, name=name.removesuffix(".gz"), body=body, named=True)
    except FeedFileError as error:
        yield error
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        yield FeedFileError(f"{place}: is damaged, or ends early: {error}")


def _archive(file: Path | BinaryIO, place: str) -> Iterator[FeedFile | FeedFileError]:
    total = 0
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MAX_MEMBERS:
            raise FeedFileError(f"{place}: has over {MAX_MEMBERS} files")
        for member in members:
            name = member.filename.rpartition("/")[2]
            total += member.file_size
            if total > MAX_UNPACKED:
                raise FeedFileError(f"{place}: unpacks to over {MAX_UNPACKED >> 30} GB")
            if _may_be_feed(name) and not stat.S_ISLNK(member.external_attr >> 16):
                yield _member(archive, member, f"{place}:{member.filename}", name)


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: str, name: str
) -> FeedFile | FeedFileError:
    if name.lower().endswith((".zip", ".gz")):
        return FeedFileError(f"{place}: is an archive in an archive; unpack the outer one first")
    try:
        if member.file_size > MAX_BYTES:
            raise FeedFileError(f"{place}: is over {MAX_BYTES >> 20} MB; no feed is so large")
        with archive.open(member) as stream:
            body = bounded(stream, place)  # type: ignore[arg-type]  # reads as a BinaryIO does
        beside = _beside(place, member.filename, body, lambda n: _small_member(archive, n))
        return FeedFile(place=place, name=name, body=body, named=False, **beside)
    except FeedFileError as error:
        return error
    except (OSError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        return FeedFileError(f"{place}: cannot be unpacked: {error}")
    except zipfile.BadZipFile as error:
        return FeedFileError(f"{place}: is damaged: {error}")


def _small(path: Path) -> bytes | None:
    if not path.is_file() or path.is_symlink():
        return None
    with path.open("rb") as stream:
        return stream.read(SMALL)


def _small_member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    try:
        with archive.open(name) as stream:
            return stream.read(SMALL)
    except KeyError:
        return None


class _Beside(TypedDict):
    verified: str | None
    signature: bytes | None


def _beside(place: str, name: str, body: bytes, read: Callable[[str], bytes | None]) -> _Beside:
    """Hold a file against the checksum beside it, and take its signature along."""
    for kind, _ in HASHES:
        text = read(f"{name}.{kind}")
        if text is not None:
            if checksum(text, kind) != hashlib.new(kind, body).hexdigest():
                base = name.rpartition("/")[2]
                raise FeedFileError(f"{place}: does not fit the checksum in {base}.{kind}")
            return {"verified": kind, "signature": read(f"{name}.asc")}
    return {"verified": None, "signature": read(f"{name}.asc")}


def checksum(text: bytes, kind: str) -> str | None:
    """Return the checksum that a file of checksums begins with, None where it holds none."""
    digits = dict(HASHES)[kind]
    first = text[: digits + 1].decode("ascii", "replace").split(maxsplit=1)
    found = first[0].lower() if first else ""
    complete = len(found) == digits and not set(found) - set("0123456789abcdef")
    return found if complete else None
