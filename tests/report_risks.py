"""Findings with risks to report on, worked out by the model itself: each label, and what hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from wardwatch.outputs.report.given import Appraisal, Given, Source
from wardwatch_enrichment.facts import Covered
from wardwatch_enrichment.finding import Answer, Finding, Ground, Verdict
from wardwatch_enrichment.mitigation.flows import Flow
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.case import Case, Clock, Factors, Threat
from wardwatch_enrichment.risk.rating import Rated, device_risk
from wardwatch_enrichment.risk.records import Decision, standing
from wardwatch_enrichment.risk.scoring import assess
from wardwatch_enrichment.risk.tasks import Task, Unit
from wardwatch_enrichment.risk.zones import Reached

NOW = 1_768_161_600.0  # 2026-01-11 20:00 UTC
DAY = 86_400.0
TOTAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
PUMP = Factors(safety=9, effectiveness=5, data=4, life=True, fleet=12)
SCANNER = Factors(safety=5, effectiveness=7, data=6)

# What a device of each kind of finding comes to, by the model: the name is the label expected.
_CASES: dict[str, tuple[Verdict, Mapping[str, object]]] = {
    "Act": ("exploitable", {"zone": "enterprise", "threat": Threat(kev=True, ransomware=True)}),
    "Attend": ("exploitable", {"zone": "enterprise", "threat": Threat(codeless=True)}),
    "Cannot tell": ("potential", {"zone": "unknown", "covered": False}),
    "Track*": ("unlikely", {"zone": "clinical_shared"}),
    "Track": ("not_exploitable", {"zone": "clinical_shared"}),
}


def rated(device: Device, label: str, number: int = 1, *, factors: Factors = PUMP) -> Rated:
    """A finding on a device that the model gives a label."""
    verdict, known = _CASES[label]
    name = f"CVE-2020-{number:04d}"
    ground = Ground(
        kind="seen",
        sentence=f"tcp/23 accepted from 10.20.4.7 at {device.ips[0] if device.ips else 'it'}",
        signed_by="imaging-1",
        time=NOW - DAY,
        log="iomt_exposure",
        line='{"kind":"service","port":23,"state":"accepted"}',
    )
    finding = Finding(
        id=f"{device.id}:{name}",
        device_id=device.id,
        vulnerability=name,
        title="Hard-coded credentials in the Telnet server",
        affected="confirmed",
        verdict=verdict,
        wording=verdict.replace("_", " "),
        answers=(Answer(predicate="service telnet", truth="true", grounds=(ground,)),),
        cvss=TOTAL,
        reached_from=("enterprise",),
        actions=("Switch Telnet off.", "Block tcp/23 at the boundary of its network."),
    )
    case = Case(
        factors=factors,
        cvss=TOTAL,
        affected="confirmed",
        verdict=verdict,
        **known,  # type: ignore[arg-type]
    )
    found = assess(case)
    assert found.label == label, found
    place = Reached(str(known["zone"]), False, "")
    days = found.due_days
    clock = Clock(since=NOW - 5 * DAY, due=None if days is None else NOW + (days - 5) * DAY)
    return Rated(
        finding=finding, case=case, risk=found, reached=place, weighed_as="as a pump", clock=clock
    )


def given(found: Mapping[Device, Sequence[Rated]], **more: object) -> Given:
    """What is told of devices and their findings."""
    known = {d.id: Appraisal(tuple(r), device_risk(r)) for d, r in found.items() if r}
    weights = {d.id: r[0].case.factors for d, r in found.items() if r}
    return Given(appraised=known, factors=weights, **more)  # type: ignore[arg-type]


def accepted(one: Rated, *, why: str = "isolated until it is replaced") -> Decision:
    """An acceptance of a finding that holds for a month more."""
    about = {"site": "north", "finding": one.finding.id, "kind": "accept", "who": "M. Curie"}
    return Decision(**about, at=NOW - DAY, why=why, until=NOW + 30 * DAY)  # type: ignore[arg-type]


def hospital(devices: Sequence[Device]) -> Given:
    """A hospital: each label on some device, one accepted, some with nothing."""
    labels = (
        ("Act", "Track"), ("Attend",), ("Attend", "Attend", "Track"), ("Cannot tell", "Track*"),
        ("Track*",), ("Track", "Track"), ("Track*",), (), (), (), ("Cannot tell",),
    )  # fmt: skip
    found = {
        device: [
            rated(device, label, number, factors=SCANNER if at == 5 else PUMP)
            for number, label in enumerate(own, 1)
        ]
        for at, (device, own) in enumerate(zip(devices, labels, strict=False))
    }
    gone = found[devices[6]][0]
    return given(
        found,
        standings={gone.finding.id: standing([accepted(gone)], NOW)},
        hours={devices[0].id: "On the network from 06 to 22, Mon to Fri, as far as was seen."},
        unwatched=frozenset({devices[3].id, devices[10].id}),
        plan=(
            Covered(cidr="10.20.3.0/24", name="imaging", tapped=True, devices=9, last_seen=NOW),
            Covered(cidr="10.20.6.0/24", name="wards", tapped=True, devices=0, last_seen=None),
        ),
        outside={"10.20.9.0/24": 1},
        sources=(Source("kev", NOW - 40 * DAY, NOW - DAY), Source("epss", None, None)),
        tasks=tasks(devices),
    )


def tasks(devices: Sequence[Device]) -> list[Task]:
    """Two tasks in one ward, one in another, and one of which nobody knows the place."""
    flow = Flow(direction="in", peer="10.20.4.7", port="tcp/23", services=("telnet",), count=12)
    first = Task(
        rank=1,
        way="block",
        action="block:tcp/23",
        text="Let only the pump server reach tcp/23.",
        site="north",
        place="ICU 3",
        model="Example Pump",
        devices=tuple(unit(device, "ICU 3") for device in devices[:2]),
        findings=(),
        vulnerabilities=("CVE-2020-0001",),
        removed=61.5,
        effort=1,
        lifted={"Attend": (2, 0), "Track": (1, 3)},
        cut=(replace(flow, never="alarms"),),
        watched="in 30 days and 900 connections",
        agree="Agree it with clinical engineering and the manufacturer first.",
        due_days=3,
        spared=(unit(devices[5], "ICU 3"),),
    )
    second = replace(first, rank=4, text="Install release 9.4.", cut=(), agree="", effort=4)
    other = replace(first, rank=2, place="Radiology", devices=(unit(devices[2], "Radiology"),))
    tell = replace(second, rank=3, kind="tell", place="", text="Place a sensor.", removed=0.0)
    return [first, other, tell, second]


def unit(device: Device, ward: str) -> Unit:
    """A device as a task names it."""
    name = device.hostname or device.id
    return Unit(id=device.id, name=name, ips=device.ips, ward=ward, owner="Ada", phone="4711")
