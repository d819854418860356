"""Zeek's and Suricata's lines where Security Onion keeps them: in `message` of Elasticsearch.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-search
What is read is that line, not the fields made of it: those change from release to release. Time is
when a document was read at its sensor (`event.ingested`), for a connection of weeks or an imported
capture bears an old `@timestamp`. Nothing partial is ever given for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from wardwatch.sources.files import EVE

PAGE = 2_000
CLAIMS = 1_000  # distinct claims at once
KEEP_ALIVE = "10m"
AGAIN = "it is read again until all do"
ARRIVED, TIME, DATASET = "event.ingested", "@timestamp", "event.dataset"
SENSOR_CHARACTERS = 256

# A claim as zeek.iomt_asset, the ingest pipeline, writes it. One that binds an address to a MAC
# keeps each of its times, and is read as a document.
_CLAIM = ("host.ip", "iomt.field", "iomt.value", "observer.name")
_ALSO = ("iomt.subject", "host.mac")
_WANTED = ["message", DATASET, "observer.name", "agent.name", "log.file.path"]

Query = dict[str, Any]


class IncompleteError(Exception):
    """The cluster did not answer for all of its data; the text says what is missing."""


class Line(NamedTuple):
    """A log line: by what its document is known, its sensor ("" where that is not told), its log.

    Where it cannot be used, `text` is empty and `wrong` says why.
    """

    id: str
    sensor: str
    log: str
    text: bytes
    wrong: str = ""


class Indexed:
    """The documents that an index pattern has at one moment, of the logs that are wanted."""

    def __init__(self, client: Elasticsearch, index: str, logs: Iterable[str]) -> None:
        self._client, self._index = client, index
        self._datasets = {_dataset(log): log for log in logs}
        opened = client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE)
        self._pit = opened["id"]
        self._clusters: set[str] = set()
        self._claims_can_be_asked = True

    def close(self) -> None:
        """Let go of that moment."""
        self._client.close_point_in_time(id=self._pit)

    def check(self) -> str:
        """Return what is wrong with the pattern, empty where nothing is."""
        found = self._client.field_caps(
            index=self._index, fields=[TIME, ARRIVED, DATASET, *_CLAIM, *_ALSO]
        )
        if away := sorted(name for one in found.get("failures", ()) for name in one["indices"]):
            raise IncompleteError(f"{', '.join(away)} did not answer; {AGAIN}")
        self._clusters = {name.rpartition(":")[0] for name in found["indices"]} - {""}
        if not found["indices"]:
            return "there is no index of that name, or none that this user may read"
        fields = found["fields"]
        if not set(fields.get(TIME, {})) or not set(fields[TIME]) <= {"date", "date_nanos"}:
            return f"{TIME} is no date in each of its indices: is it one of logs?"
        for name in (ARRIVED, DATASET):
            if any(not kind["searchable"] for kind in fields.get(name, {}).values()):
                return f"{name} cannot be searched in each of its indices"
        self._claims_can_be_asked = all(name in fields for name in _CLAIM) and all(
            kind["aggregatable"]
            for name in (*_CLAIM, *_ALSO)
            for kind in fields.get(name, {}).values()
        )
        return ""

    def earliest(self, since: float, *, claims: bool) -> float | None:
        """Return when the first document since then was read, in epoch seconds."""
        of_its_own = {"bool": {"must_not": {"exists": {"field": ARRIVED}}}}
        found = self._search(
            query=self._query(since, None, claims=claims),
            size=0,
            aggs={
                "arrived": {"min": {"field": ARRIVED}},
                "rest": {"filter": of_its_own, "aggs": {"first": {"min": {"field": TIME}}}},
            },
        )["aggregations"]
        times = (found["arrived"]["value"], found["rest"]["first"]["value"])
        known = [at / 1000 for at in times if at is not None]
        return min(known, default=None)

    def documents(
        self, since: float, until: float | None, *, claims: bool = True
    ) -> Iterator[list[Line]]:
        """Yield what was read since then, and before `until`, in order of the lines' own time.

        Without `claims` those are left out that `claims` brings.
        """
        query, after = self._query(since, until, claims=claims), None
        while True:
            found = self._search(
                query=query,
                search_after=after,
                sort=[{TIME: {"order": "asc"}}, {"_shard_doc": "asc"}],
                size=PAGE,
                source=_WANTED,
            )
            hits = found["hits"]["hits"]
            yield [self._line(hit) for hit in hits]
            if len(hits) < PAGE:
                return
            after = hits[-1]["sort"]

    def claims(self, since: float) -> Iterator[list[Line]]:
        """Yield the first line and the last of each distinct claim that was read since then.

        The cluster reduces them: what comes grows with devices and not with time.
        """
        if not self._claims_can_be_asked:
            return
        sources = [
            {name: {"terms": {"field": name, "missing_bucket": True}}} for name in (*_CLAIM, *_ALSO)
        ]
        by: Query = {"sources": sources, "size": CLAIMS}
        query = self._query(since, None, claims=True)
        query["bool"]["filter"].append(_COVERED)
        ends = {"first": _end("asc"), "last": _end("desc")}
        while True:
            found = self._search(query=query, size=0, aggs={"by": {"composite": by, "aggs": ends}})[
                "aggregations"
            ]["by"]
            yield [self._line(hit) for bucket in found["buckets"] for hit in _hits(bucket)]
            if "after_key" not in found:
                return
            by["after"] = found["after_key"]

    def newest(self, since: float) -> dict[str, float]:
        """Return when the last document of each sensor was read, of those since then."""
        ends = {"last": {"max": {"field": ARRIVED}}}
        by = {"terms": {"field": "observer.name", "size": 1000}, "aggs": ends}
        found = self._search(query=self._query(since, None, claims=True), size=0, aggs={"by": by})[
            "aggregations"
        ]["by"]["buckets"]
        return {b["key"]: b["last"]["value"] / 1000 for b in found if b["last"]["value"]}

    def _query(self, since: float, until: float | None, *, claims: bool) -> Query:
        span: Query = {"gte": int(since * 1000), "format": "epoch_millis"}
        if until is not None:
            span["lt"] = int(until * 1000)
        own = {"bool": {"must_not": _exists(ARRIVED), "filter": {"range": {TIME: span}}}}
        when = {"bool": {"should": [{"range": {ARRIVED: span}}, own]}}
        unnamed = {"bool": {"must_not": _exists(DATASET)}}
        what = {"bool": {"should": [{"terms": {DATASET: list(self._datasets)}}, unnamed]}}
        leave = claims or not self._claims_can_be_asked
        return {"bool": {"filter": [when, what], "must_not": [] if leave else [_COVERED]}}

    def _search(self, **asked: Any) -> Mapping[str, Any]:
        """Ask, and take no answer that does not stand for everything."""
        found = self._client.search(
            pit={"id": self._pit, "keep_alive": KEEP_ALIVE},
            allow_partial_search_results=False,
            track_total_hits=False,
            **asked,
        )
        self._pit = found["pit_id"]
        if failed := found["_shards"]["failed"]:
            raise IncompleteError(f"{failed} shards did not answer; {AGAIN}")
        clusters = found.get("_clusters", {})
        # One that was away when that moment was taken is not even named.
        away = len(self._clusters - clusters.get("details", {}).keys())
        if away := away + sum(clusters.get(how, 0) for how in ("skipped", "partial", "failed")):
            raise IncompleteError(f"{away} remote clusters did not answer; {AGAIN}")
        if found["timed_out"]:
            raise IncompleteError(f"not all shards answered in time; {AGAIN}")
        body: Mapping[str, Any] = found.body
        return body

    def _line(self, hit: Mapping[str, Any]) -> Line:
        known = hit.get("_source") or {}
        text, log = _text(known, "message"), self._log(known)
        sensor = _text(known, "observer.name") or _text(known, "agent.name") or ""
        name = f"{hit['_index']}/{hit['_id']}"
        if text is None:
            return Line(name, "", log, b"", "has no message")
        line = text.strip().encode(errors="replace")
        if not log and b'"event_type"' in line:
            log = EVE
        return Line(name, sensor[:SENSOR_CHARACTERS], log, line)

    def _log(self, known: Mapping[str, Any]) -> str:
        """Return which log a document is of: Suricata's are all of one."""
        dataset = _text(known, DATASET)
        if dataset is not None:
            log = self._datasets.get(dataset, "")
            return EVE if log.startswith(f"{EVE}_") else log
        path = _text(known, "log.file.path") or ""
        name = path.rpartition("/")[2].partition(".")[0]
        return name if name in self._datasets.values() else ""


def overlapping(patterns: Iterable[str]) -> tuple[str, str] | None:
    """Return two patterns that stand for the same indices: what both name would be read twice.

    Security Onion's manager is a remote cluster of its own, so that ``*:`` names local ones, too.
    """
    every = [one.rpartition(":")[::2] for one in patterns]
    for at, (cluster, name) in enumerate(every):
        for other, its in every[at + 1 :]:
            same_place = cluster == other or "*" in (cluster, other)
            begin, its_begin = name.partition("*")[0], its.partition("*")[0]
            same_name = name == its or (
                ("*" in name and its_begin.startswith(begin))
                or ("*" in its and begin.startswith(its_begin))
            )
            if same_place and same_name:
                return f"{cluster}:{name}".lstrip(":"), f"{other}:{its}".lstrip(":")
    return None


def _exists(field: str) -> Query:
    return {"exists": {"field": field}}


_COVERED: Query = {
    "bool": {
        "filter": [{"term": {DATASET: "zeek.iomt_asset"}}, *(_exists(name) for name in _CLAIM)],
        "must_not": [{"wildcard": {"iomt.field": "*.mac"}}],
    }
}


def _end(order: str) -> Query:
    return {"top_hits": {"size": 1, "sort": [{TIME: {"order": order}}], "_source": _WANTED}}


def _hits(bucket: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the first document of a claim, and the last where it is another one."""
    first, last = (bucket[end]["hits"]["hits"][0] for end in ("first", "last"))
    return [first] if bucket["doc_count"] == 1 else [first, last]


def _dataset(log: str) -> str:
    """Return what Security Onion calls a log."""
    kind = log.removeprefix(f"{EVE}_")
    return f"zeek.{log}" if kind == log else f"suricata.{kind}"


def _text(known: Mapping[str, Any], name: str) -> str | None:
    """Return a text of a document, whose objects may be written with dots."""
    if isinstance(value := known.get(name), str):
        return value
    head, _, rest = name.partition(".")
    inner = known.get(head)
    return _text(inner, rest) if rest and isinstance(inner, Mapping) else None
