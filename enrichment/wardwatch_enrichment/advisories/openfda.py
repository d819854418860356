"""openFDA's files on devices: recalls, enforcement reports on recalls, product classification.

https://open.fda.gov/apis/device/: the same record forms in the API's answers and in the downloads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

from wardwatch_enrichment.feed_form import FeedError, decode
from wardwatch_enrichment.model import Classification, Recall

_FLAGS = {"Y": True, "N": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one file says, and as of when."""

    updated: date
    recalls: tuple[Recall, ...] = ()
    classifications: tuple[Classification, ...] = ()


class _Meta(msgspec.Struct):
    last_updated: date


class _Result(msgspec.Struct):
    """The columns of all three; what a record is of, its number or code tells."""

    product_res_number: str | None = None
    recall_number: str | None = None
    res_event_number: str | None = None
    event_id: str | None = None
    recall_status: str | None = None
    status: str | None = None
    classification: str | None = None
    event_date_initiated: str | None = None
    event_date_terminated: str | None = None
    recall_initiation_date: str | None = None
    termination_date: str | None = None
    product_code: str | None = None
    k_numbers: list[str] = []
    recalling_firm: str = ""
    product_description: str = ""
    product_type: str | None = None
    code_info: str = ""
    reason_for_recall: str = ""
    root_cause_description: str = ""
    device_name: str = ""
    device_class: str | None = None
    medical_specialty_description: str | None = None
    regulation_number: str | None = None
    definition: str = ""
    implant_flag: str | None = None
    life_sustain_support_flag: str | None = None


class _File(msgspec.Struct):
    meta: _Meta
    results: list[_Result]


def parse(text: bytes | str) -> Release:
    """Return the recalls or the classifications of a file."""
    found = decode(text, _File)
    recalls: list[Recall] = []
    classifications: list[Classification] = []
    for place, result in enumerate(found.results):
        where = f"$.results[{place}]"
        number = result.product_res_number or result.recall_number
        if number:
            if result.product_type in (None, "Devices"):
                recalls.append(_recall(where, number, result))
        elif result.product_code and result.device_class is not None:
            classifications.append(_classification(result.product_code, result))
        else:
            raise FeedError(f"{where}: has neither a recall's number nor a product code and class")
    return Release(
        updated=found.meta.last_updated,
        recalls=tuple(recalls),
        classifications=tuple(classifications),
    )


def _recall(where: str, number: str, said: _Result) -> Recall:
    return Recall(
        number=number,
        event=said.res_event_number or said.event_id,
        classification=said.classification,
        status=said.recall_status or said.status,
        initiated=_day(where, said.event_date_initiated or said.recall_initiation_date),
        terminated=_day(where, said.event_date_terminated or said.termination_date),
        product_codes=(said.product_code,) if said.product_code else (),
        clearances=tuple(said.k_numbers),
        firm=said.recalling_firm,
        product=said.product_description,
        codes=said.code_info,
        reason=said.reason_for_recall,
        cause=said.root_cause_description,
    )


def _day(where: str, text: str | None) -> date | None:
    """Read a date, written with dashes or without."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FeedError(f"{where}: {text[:40]!r} is no date") from None


def _classification(code: str, said: _Result) -> Classification:
    return Classification(
        product_code=code,
        name=said.device_name,
        device_class=said.device_class or None,
        specialty=said.medical_specialty_description or None,
        regulation=said.regulation_number or None,
        definition=said.definition,
        implant=_FLAGS.get(said.implant_flag or ""),
        life_sustaining=_FLAGS.get(said.life_sustain_support_flag or ""),
    )
