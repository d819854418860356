"""Devices and findings as the matching makes them: one of each kind that VEX tells apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wardwatch_enrichment.finding import Affected, Answer, Finding, Ground, Match, Proof, Truth
from wardwatch_enrichment.model import Attribute, Device, Evidence
from wardwatch_enrichment.vex.positions import Edition, Publisher, Revision

DAY = 86_400.0
NOW = 1_795_000_000.0  # 2026-11-18
HOSPITAL = Publisher(
    name="St. Example Hospital",
    namespace="https://hospital.example",
    contact="biomed@hospital.example",
)
Known = list[tuple[Device, tuple[Finding, ...]]]


def edition(*times: float) -> Edition:
    """Return a document with a version for each time."""
    revisions = tuple(
        Revision(number=number, time=time, summary="Made.")
        for number, time in enumerate(times or (NOW,), 1)
    )
    return Edition(id="vex-1", site="north", publisher=HOSPITAL, revisions=revisions, tool="0.1.0")


def pump(number: int = 1, *, version: str = "6.02") -> Device:
    """Return one of several pumps of a model."""
    seen = Evidence(
        log="iomt_asset", uid="C1", time=NOW - DAY, sensor="tap-3", host="10.30.1.15",
        field="spectrum.software_version", value=version, rule="x", line="a line",
        sha256="0" * 64,
    )  # fmt: skip
    attribute = Attribute(
        name="software_versions", value=version, confidence=0.9, current=True,
        first_seen=NOW - 9 * DAY, last_seen=NOW - DAY, evidence=(seen,),
    )  # fmt: skip
    return Device(
        id=f"{number:016x}", site="north", device_class="medical", manufacturer="Baxter",
        model="Sigma Spectrum", serial_number=f"SN-2041{number}", software_versions=(version,),
        hostname="patient-room-7", macs=("02:00:00:00:00:01",), ips=("10.30.1.15",),
        first_seen=NOW - 9 * DAY, last_seen=NOW - DAY, attributes=(attribute,),
    )  # fmt: skip


def match(affected: Affected, reason: str, number: str = "CVE-2020-12045") -> Match:
    """Return what an advisory says of the pump."""
    return Match(
        advisory="ICSMA-20-170-04", publisher="CISA", vulnerability=number, product_id="CSAFPID-1",
        product="Sigma Spectrum Infusion System", type="product", affected=affected, reason=reason,
        searched_by={"manufacturer": "Baxter", "product": "Sigma Spectrum", "versions": "6.02"},
        found={"vendor": "Baxter", "product": "Sigma Spectrum", "versions": "< 20D30"},
    )  # fmt: skip


def ground(
    kind: Proof, sentence: str, signed_by: str = "tap-3", *, void: tuple[str, ...] = ()
) -> Ground:
    """Return a proof that holds for thirty days."""
    return Ground(
        kind=kind, sentence=sentence, signed_by=signed_by, time=NOW - 2 * DAY,
        expires=NOW + 28 * DAY, void=void, log="iomt_exposure", line="a line",
    )  # fmt: skip


def answer(truth: Truth, *grounds: Ground, why: str | None = None, missing: str = "") -> Answer:
    """Return an answer to whether Telnet is reached."""
    return Answer(
        predicate="service(tcp/23)", truth=truth, grounds=grounds, justification=why,
        missing=missing,
    )  # fmt: skip


RULE = ground(
    "boundary", "core-fw denies tcp/23 into 10.30.0.0/16", "core-fw", void=("a new rule",)
)
REFUSED = ground(
    "refusal", "it refused tcp/23 five times itself", void=("a boot", "a service visit")
)


def finding(
    affected: Affected = "confirmed",
    *matches: Match,
    answers: Iterable[Answer] = (),
    device: Device | None = None,
    number: str = "CVE-2020-12045",
    **other: object,
) -> Finding:
    """Return a finding on the pump."""
    known = matches or (match(affected, "version 6.02 was seen, < 20D30 is affected", number),)
    made = Finding(
        id=f"{number}-1", device_id=(device or pump()).id, vulnerability=number,
        title="Hard-coded password of Telnet", affected=affected, matches=known,
        answers=tuple(answers),
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]


ACCEPTED = answer("true", ground("seen", "it accepted tcp/23 from 10.20.4.7"))
KINDS: dict[str, Finding] = {
    "exploitable": finding(
        answers=[ACCEPTED],
        verdict="exploitable",
        reached_from=("office",),
        actions=("Restart the wireless module after it was set up",),
    ),
    "exploitable, nothing to do": finding(answers=[ACCEPTED], verdict="exploitable"),
    "protected": finding(
        answers=[
            answer("strong_false", RULE, why="protected_at_perimeter"),
            answer("strong_false", REFUSED, why="requires_configuration"),
        ],
        verdict="not_exploitable",
        wording="not exploitable",
        expires=NOW + 28 * DAY,
    ),
    "physical": finding("likely", verdict="not_exploitable", access="physical"),
    "other version": finding("not_affected"),
    "patched": finding(
        "fixed",
        match("fixed", "patched, as the site's records say"),
        answers=[answer("strong_false", ground("manufacturer", "update 9 is installed", "J. Doe"))],
    ),
    "possible": finding(
        "possible", match("possible", "its version is not known"), verdict="exploitable"
    ),
    "potential": finding(
        answers=[answer("unknown", missing="a sensor that sees 10.30.0.0/16")], verdict="potential"
    ),
    "unlikely": finding(
        answers=[answer("weak_false", ground("silence", "no session to tcp/23 in 30 days"))],
        verdict="unlikely",
    ),
    "candidate": finding("candidate"),
    "posture": finding("confirmed", number="eol-os", matches=(), verdict="exploitable"),
}


def site() -> Known:
    """Return a site with one pump for each kind of finding, and its number as its CVE."""
    known: Known = []
    for number, (_, one) in enumerate(KINDS.items(), 1):
        device = pump(number)
        known.append((device, (replace(one, device_id=device.id),)))
    return known
