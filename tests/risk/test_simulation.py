"""What would become of findings: by the engine on evidence, as the model's table has it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from simulation_cases import DICOM, FTP, TELNET, Bench, around, document

from wardwatch_enrichment.risk import actions, simulation
from wardwatch_enrichment.risk.actions import ActionError, parsed
from wardwatch_enrichment.risk.cutting import cut, told
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.simulation import effects
from wardwatch_enrichment.supposed import Supposed

ROWS = yaml.safe_load(Path(__file__).with_name("simulation.yaml").read_text())["scenarios"]
T04A = ["accepts tcp/23 telnet", "covered"]
BENCH = Bench(document(TELNET))


def became(words: Iterable[str], *typed: str, bench: Bench = BENCH) -> dict[str, Rated | None]:
    """Return the findings by their vulnerabilities once something was done."""
    place = around(words)
    found = effects(place, bench.rated(place), parsed(typed), bench.engine)
    return {one.before.finding.vulnerability: one.after for one in found}


@pytest.mark.parametrize(
    ("row", "typed"),
    [(0, ()), (1, ("block", "tcp/21,tcp/23")), (2, ("move", "allowlisted")),
     (3, ("patch", "9.5")), (3, ("patch", TELNET)), (3, ("patch", "EXAMPLE-1")),
     (3, ("patch", "10.0"))],
)  # fmt: skip
def test_the_figures_of_the_model(row: int, typed: tuple[str, ...]) -> None:
    """T04a as it is, behind a block, in a VLAN of its own, upgraded."""
    place, expect = around(T04A), ROWS[row]["expect"]
    what = Supposed(fixed=frozenset(["EXAMPLE-1"])) if "EXAMPLE-1" in typed else None
    what = what or (parsed(typed) if typed else Supposed())
    (effect,) = effects(place, BENCH.rated(place), what, BENCH.engine)
    after = effect.after
    assert after
    assert round(after.risk.score, 1) == expect["score"]
    assert after.risk.label == expect["label"]
    if "path" in expect:
        assert (after.risk.path, after.finding.affected in ("fixed", "not_affected")) == (
            "C0",
            True,
        )
    assert round(effect.before.risk.score, 1) == ROWS[0]["expect"]["score"]


def test_a_rule_that_only_watches_changes_nothing() -> None:
    """The score stays as it is, as it does where nothing is supposed."""
    place = around(T04A)
    assert not any(
        one.changed for one in effects(place, BENCH.rated(place), Supposed(), BENCH.engine)
    )
    (watched,) = effects(place, BENCH.rated(place), parsed(["watch", "tcp/23"]), BENCH.engine)
    assert not watched.changed
    assert watched.after
    assert round(watched.after.risk.score, 1) == 43.2


def test_a_block_is_a_proof_that_says_so() -> None:
    """It is a boundary, of the simulation, and nobody saw it."""
    after = became(T04A, "block", "tcp/23")[TELNET]
    assert after
    (ground,) = after.finding.answers[0].grounds
    assert (ground.kind, ground.signed_by) == ("boundary", "simulation")
    assert ground.sentence == "simulated: tcp/23 is blocked to it from anywhere"
    assert after.finding.justification == "protected_at_perimeter"


def test_another_way_in_stays_open() -> None:
    """Telnet also answers elsewhere, so that the block of its port closes nothing."""
    words = [*T04A, "accepts tcp/2323 telnet"]
    after = became(words, "block", "tcp/23")[TELNET]
    assert after
    assert round(after.risk.score, 1) == 43.2
    both = became(words, "block", "tcp/23,tcp/2323")[TELNET]
    assert both
    assert both.risk.score < 43.2


def test_a_service_known_by_its_name_alone_is_not_proven_closed() -> None:
    """That it was seen at no other port is silence, which is weak where it was watched."""
    bench = Bench(document(DICOM, text="DICOM service accepts anything"))
    words = ["accepts tcp/104 dicom", "covered"]
    after = became(words, "block", "tcp/104", bench=bench)[DICOM]
    assert after
    assert after.finding.verdict in ("unlikely", "potential")
    assert any(
        "blocked, as simulated" in g.sentence for a in after.finding.answers for g in a.grounds
    )


def test_what_a_neighbour_showed_still_holds_after_a_move() -> None:
    """Only what callers from elsewhere showed becomes unknown."""
    after = became([*T04A, "accepts tcp/23 telnet from 10.30.1.99"], "move", "allowlisted")[TELNET]
    assert after
    assert (after.finding.verdict, after.case.zone) == ("exploitable", "allowlisted")


def test_nobody_is_isolated_whom_others_go_on_to_reach() -> None:
    """What is let through into its new network makes that a list of peers, as it is judged then."""
    after = became([*T04A, "accepts tcp/104 dicom from 10.20.4.7"], "move", "isolated")[TELNET]
    assert after
    assert (after.case.zone, after.case.boundary_proven) == ("allowlisted", True)
    assert "10.20.4.7" in after.reached.reason
    shut = became(T04A, "move", "isolated", "block", "tcp/23")[TELNET]
    assert shut
    assert shut.case.zone == "isolated"


def test_neighbours_may_stay_behind() -> None:
    """A monitor that is moved loses the central station in its old network, unless let through."""
    words = ["accepts tcp/2575 hl7 from 10.30.1.99", "calls 10.30.1.98 tcp/2575 hl7", "covered"]
    found = cut(around(words), parsed(["move", "isolated"])).carried
    assert {(flow.direction, flow.peer) for flow in found} == {
        ("in", "10.30.1.99"), ("out", "10.30.1.98"),
    }  # fmt: skip
    assert all(flow.never for flow in found)


def test_a_border_stops_no_neighbour() -> None:
    """Of what a block ends it is told which comes from the device's own network."""
    words = ["accepts tcp/23 telnet from 10.30.1.99", *T04A]
    found = cut(around(words), parsed(["block", "tcp/23"]))
    assert {flow.peer for flow in found.ended} == {"10.30.1.99", "10.20.4.7"}
    assert {flow.peer for flow in found.near} == {"10.30.1.99"}


def test_a_list_of_peers_does_not_keep_neighbours_out() -> None:
    """Who was let in from its own network is still let in; nothing is credited for it."""
    alone = became(T04A, "allow", "tcp/21,tcp/23")[TELNET]
    shared = became([*T04A, "accepts tcp/23 telnet from 10.30.1.99"], "allow", "tcp/21,tcp/23")
    after = shared[TELNET]
    assert alone
    assert after
    assert (alone.case.zone, after.case.zone) == ("allowlisted", "enterprise")


def test_a_replaced_device_has_no_findings() -> None:
    """Nothing is known of what comes in its place."""
    assert became(T04A, "replace") == {TELNET: None}


def test_what_comes_in_its_place_has_to_go_on() -> None:
    """All flows of a device that is replaced, alarms among them."""
    found = cut(around(["accepts tcp/2575 hl7 from 10.30.1.99", *T04A]), parsed(["replace"]))
    assert {flow.port for flow in found.carried} == {"tcp/2575", "tcp/23"}
    assert found.forbidden == ()


def test_a_later_version_is_kept() -> None:
    """A patch to a version is no way back."""
    place = around(T04A)
    newer = replace(place, device=replace(place.device, software_versions=("9.7",)))
    made = simulation.suppose(newer, Supposed(version="9.5"))
    assert made.device.software_versions == ("9.7",)
    older = simulation.suppose(place, Supposed(version="9.4"))
    assert older.device.software_versions == ("9.4",)
    after = became(T04A, "patch", "9.4")[TELNET]
    assert after
    assert after.risk.score > 43  # still before the version that mends it


def test_what_is_seen_to_be_weak_is_judged_again() -> None:
    """Readable log-ins at a port that nobody reaches any more; and readable data that ends."""
    words = [*T04A, "shows credentials_in_clear on tcp/23 telnet", "accepts tcp/104 dicom"]
    after = became(words, "block", "tcp/104")
    cleared = after["POSTURE-CLEAR-TEXT"]
    assert cleared
    assert cleared.finding.verdict == "not_exploitable"
    shown = became(words, "block", "tcp/23")["POSTURE-TELNET-PASSWORD"]
    assert shown
    assert shown.finding.verdict != "exploitable"


WORDS = (
    "accepts tcp/23 telnet", "accepts tcp/21 ftp", "accepts tcp/2323 telnet", "covered",
    "refuses tcp/23", "refuses tcp/21", "network refuses tcp/23", "denies tcp/21",
    "accepts tcp/23 telnet from 10.30.1.99", "accepts tcp/104 dicom", "accepts tcp/80 http",
    "shows credentials_in_clear on tcp/23 telnet", "calls 10.20.9.9 tcp/2575 hl7",
    "the sensor tells nothing of itself", "patched", "bench: not exploitable",
    "shows demanded on tcp/80 http", "calls 203.0.113.9",
)  # fmt: skip
PORTS = ("tcp/21", "tcp/23", "tcp/2323", "tcp/80", "tcp/104", "udp/161", "tcp/443")
MANY = Bench(
    document(TELNET, FTP), document("CVE-2030-0080", name="EXAMPLE-2", text="a web page"),
    document("CVE-2030-0001", name="EXAMPLE-3", text="any input"),
    document(DICOM, name="EXAMPLE-4", text="DICOM"),
)  # fmt: skip


def test_properties() -> None:
    """Nothing changes nothing, a block never raises, order does not count; in 500 cases."""
    rng = random.Random(8)  # noqa: S311  for a test
    for _ in range(500):
        words = rng.sample(WORDS, rng.randrange(1, 7))
        place = around(words)
        rated = MANY.rated(place)
        assert not any(e.changed for e in effects(place, rated, Supposed(), MANY.engine)), words
        ports = frozenset(rng.sample(PORTS, rng.randrange(1, 4)))
        blocked = effects(place, rated, Supposed(blocked=ports), MANY.engine)
        assert all(effect.removed >= 0 for effect in blocked), (words, ports)
        more = effects(place, rated, Supposed(blocked=ports | {"tcp/23"}), MANY.engine)
        assert _total(more) <= _total(blocked) + 1e-9, (words, ports)
        better = effects(place, rated, Supposed(zone="isolated"), MANY.engine)
        assert all(effect.removed >= -1e-9 for effect in better), words


def _total(found: Iterable[simulation.Effect]) -> float:
    return sum(one.after.risk.score for one in found if one.after)


def test_a_block_of_what_nothing_needs_changes_nothing() -> None:
    """A port at which nothing was seen and that no finding names."""
    place = around(T04A)
    found = effects(
        place, MANY.rated(place), Supposed(blocked=frozenset(["udp/9999"])), MANY.engine
    )
    assert found
    assert not any(one.changed for one in found)


def test_the_order_of_actions_does_not_count() -> None:
    """All is done together."""
    words = [("block", "tcp/23"), ("move", "isolated"), ("patch", "9.4"), ("allow", "tcp/104")]
    rng = random.Random(8)  # noqa: S311  for a test
    first = parsed(part for pair in words for part in pair)
    for _ in range(10):
        rng.shuffle(words)
        assert parsed(part for pair in words for part in pair) == first


@pytest.mark.parametrize(
    ("typed", "problem"),
    [((), "no action"), (("block",), "block needs ports"), (("block", "23"), "'23' is no port"),
     (("block", "tcp/0"), "is no port"), (("block", "tcp/70000"), "is no port"),
     (("block", "move", "guest"), "block needs ports"), (("move", "moon"), "no place to move to"),
     (("patch", "x" * 200), "is no version"), (("move", "guest", "move", "isolated"), "one zone"),
     (("patch", "1.0", "patch", "2.0"), "one version"), (("burn",), "'burn' is no action")],
)  # fmt: skip
def test_what_is_no_action(typed: tuple[str, ...], problem: str) -> None:
    """Each is told with what would be one."""
    with pytest.raises(ActionError, match=problem):
        parsed(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [(["block", "TCP/23,tcp/21"], "block tcp/21,tcp/23"), (["block tcp/23"], "block tcp/23"),
     (["block:tcp/23", "replace"], "block tcp/23 replace"),
     (["patch", "Version 9.5"], "patch 'Version 9.5'"), (["block", "internet"], "block internet"),
     (["patch", "cve-2020-12045"], "patch CVE-2020-12045"), (["move=clinical"], "move clinical"),
     (["watch", "tcp/23"], "watch tcp/23")],
)  # fmt: skip
def test_actions_are_read_and_written(typed: list[str], words: str) -> None:
    """As people type them, and as the output tells them."""
    assert actions.words(parsed(typed)) == words


def test_alarm_and_therapy_flows_are_named() -> None:
    """Also where none was seen at a port that is theirs."""
    seen = cut(around(["accepts tcp/2575 hl7", "covered"]), parsed(["block", "tcp/2575"]))
    assert len(seen.ended) == 1
    assert all("HL7" in name for name in seen.forbidden)
    unseen = cut(around(["covered"]), parsed(["block", "tcp/2575"]))
    assert (unseen.ended, len(unseen.forbidden)) == ((), 1)
    assert cut(around(T04A), parsed(["block", "tcp/23"])).forbidden == ()


def test_nothing_seen_is_never_called_safe() -> None:
    """For how long and how well it was watched, or that it was not."""
    watched = told([cut(around(["covered"]), parsed(["block", "tcp/23"]))])
    assert watched.startswith("none seen in 30 days at coverage: 99.97 % of packets captured, 200")
    blind = told([cut(around(["accepts tcp/80"]), parsed(["block", "tcp/23"]))])
    assert blind == "not known: no sensor has watched it long enough to tell"
    assert "safe" not in watched + blind
