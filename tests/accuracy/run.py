"""`make accuracy`: measure the labelled benchmark; figures also in build/accuracy.json.

    python -m accuracy.run [--keep]

`--keep` replaces the committed logs by those that Zeek writes now.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from accuracy import measure, score
from accuracy.catalogue import Persona, personas
from accuracy.score import ATTRIBUTES, Outcome, Result

from wardwatch_enrichment.model import Device

REPORT = measure.CHECKOUT / "build" / "accuracy.json"
AIMS = {
    "manufacturer_precision": 0.99, "type_precision": 0.99, "manufacturer_recall": 0.95,
    "type_recall": 0.95, "software_precision": 0.99, "held_out_type_macro_f1": 0.92,
    "medical_accuracy": 0.98,
}  # fmt: skip
GROUPS: dict[str, Callable[[Persona], bool]] = {
    "all": lambda _: True,
    "medical": lambda one: one.label.device_class == "medical",
    "other": lambda one: one.label.device_class != "medical",
    "it": lambda one: one.label.device_class == "it",
    "iot": lambda one: one.label.device_class == "iot",
    "building": lambda one: one.label.device_class == "building",
    "dissected": lambda one: one.dissected,
    "held_out": lambda one: one.held_out,
    "known": lambda one: not one.held_out,
    "held_out_dissected": lambda one: one.held_out and one.dissected,
    "behind_gateways": lambda one: one.via is not None,
}


def main() -> None:
    """Measure, print, and write the report."""
    with tempfile.TemporaryDirectory() as directory:
        logs = todays_logs(Path(directory), keep="--keep" in sys.argv[1:])
        result = measured(logs)
    report = summary(result)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    show(report)


def todays_logs(directory: Path, *, keep: bool = False) -> Path:
    """Return where the logs are that today's Zeek and scripts write, else the committed ones."""
    zeek = shutil.which("zeek")
    if zeek is None:
        print("NO ZEEK ON PATH: these are the figures of the committed logs, not of today's "
              "scripts. Install Zeek 8.0 or newer.\n")  # fmt: skip
        return measure.LOGS
    measure.write_logs(zeek, directory)
    if keep:
        measure.keep(directory)
    return directory


def measured(logs: Path) -> Result:
    """Ingest the logs and compare the inventory with the labels."""
    played = {path.name.removesuffix(".pcap.gz") for path in measure.captures()}
    cast = [one for one in personas() if one.batch in played]
    return score.compare(cast, measure.inventory(logs), measure.packets())


def summary(result: Result) -> dict[str, Any]:
    """Return all figures, the issue's own first."""
    by = {name: list(_of(result.outcomes, belongs)) for name, belongs in GROUPS.items()}
    groups = {
        name: {a: score.figures(o for o in listed if o.attribute == a) for a in ATTRIBUTES}
        for name, listed in by.items()
    }
    cast = list({one.persona.id: one.persona for one in result.outcomes}.values())
    medical = score.medical(cast, result.found)
    held_out = [o for o in by["held_out_dissected"] if GROUPS["medical"](o.persona)]
    return {
        "manufacturer_precision": groups["all"]["manufacturer"]["precision"],
        "type_precision": groups["all"]["type"]["precision"],
        "manufacturer_recall": groups["dissected"]["manufacturer"]["recall"],
        "type_recall": groups["dissected"]["type"]["recall"],
        "software_precision": groups["all"]["software"]["precision"],
        "held_out_type_macro_f1": score.macro_f1(by["held_out"]),
        "held_out_type_macro_f1_strict": score.macro_f1(by["held_out"], strict=True),
        "held_out_medical_dissected_type_macro_f1": score.macro_f1(held_out),
        "type_macro_f1": score.macro_f1(by["all"]),
        "medical_accuracy": medical["accuracy"],
        "medical": medical,
        "personas": _census(cast),
        "groups": groups,
        **_tables(by["all"]),
        "packets_to_identity": _packets(cast, result),
        **_entries(result),
        "misses": [_miss(one) for one in result.outcomes if one.verdict != "right"],
    }


def _tables(outcomes: list[Outcome]) -> dict[str, Any]:
    calibration = {
        a: score.calibration(o for o in outcomes if o.attribute == a) for a in ATTRIBUTES
    }
    return {
        "per_type": _per_type(outcomes),
        "per_protocol": _per_protocol(outcomes),
        "calibration": calibration | {"together": score.calibration(outcomes)},
        "confusion": _confusion(outcomes),
    }


def _packets(cast: list[Persona], result: Result) -> dict[str, Any]:
    needed = result.packets_to_identity
    return {
        name: score.spread(needed[one.id] for one in cast if belongs(one) and one.id in needed)
        for name, belongs in GROUPS.items()
    }


def _entries(result: Result) -> dict[str, Any]:
    """Return where entries and personas are not one to one."""
    return {
        "merged": _merged(result),
        "not_found": sorted(name for name, device in result.found.items() if device is None),
        "entries_of_no_persona": [
            f"{device.manufacturer} {device.model}, at {', '.join(device.ips or device.via)}"
            for device in result.others
            if not _is_station(device)
        ],
    }


def _of(outcomes: Iterable[Outcome], belongs: Callable[[Persona], bool]) -> Iterable[Outcome]:
    return (one for one in outcomes if belongs(one.persona))


def _census(cast: list[Persona]) -> dict[str, int]:
    of = {name: [one for one in cast if GROUPS[name](one)] for name in ("medical", "other")}
    return {
        f"{name}_{what}": count
        for name, listed in of.items()
        for what, count in (
            ("personas", len(listed)),
            ("models", len({one.model_id for one in listed})),
            ("manufacturers", len({one.label.manufacturer for one in listed} - {None})),
            ("types", len({one.label.type for one in listed} - {None})),
            ("held_out_models", len({one.model_id for one in listed if one.held_out})),
            ("behind_gateways", sum(one.via is not None for one in listed)),
            ("dissected", sum(one.dissected for one in listed)),
        )
    }


def _per_type(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    listed = list(outcomes)
    kinds = sorted({one.expected for one in listed if one.attribute == "type"})
    return {
        kind: {
            a: score.figures(o for o in listed if o.attribute == a
                             and o.persona.label.type == kind)
            for a in ("manufacturer", "type")
        } for kind in kinds
    }  # fmt: skip


def _per_protocol(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return figures by what the personas speak; who speaks two protocols counts for both."""
    listed = list(outcomes)
    spoken = sorted({kind for one in listed for kind in one.persona.protocols})
    return {
        kind: {
            a: score.figures(o for o in listed if o.attribute == a
                             and kind in o.persona.protocols)
            for a in ("manufacturer", "type")
        } for kind in spoken
    }  # fmt: skip


def _is_station(device: Device) -> bool:
    """Tell whether it is one of those whom the personas talk to."""
    return bool(device.macs) and all(mac.startswith("02:20:00:") for mac in device.macs)


def _confusion(outcomes: Iterable[Outcome]) -> dict[str, int]:
    counts = Counter(
        f"{one.expected} -> {one.found}"
        for one in outcomes
        if one.attribute == "type" and one.verdict in ("wrong", "general")
    )
    return dict(counts.most_common())


def _merged(result: Result) -> list[list[str]]:
    """Return the personas that share an entry of the inventory: each should have its own."""
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for name, device in result.found.items():
        if device:
            sharing[device.id].append(name)
    return sorted(names for names in sharing.values() if len(names) > 1)


def _miss(one: Outcome) -> dict[str, Any]:
    return {
        "persona": one.persona.id, "held_out": one.persona.held_out, "attribute": one.attribute,
        "verdict": one.verdict, "expected": one.expected, "found": one.found,
        "confidence": one.confidence, "speaks": sorted(one.persona.protocols),
    }  # fmt: skip


def show(report: dict[str, Any]) -> None:
    """Print what an engineer wants to see, the misses last but one screen, the aims at the end."""
    _show_misses(report)
    _show_groups(report)
    _show_shares("by protocol", report["per_protocol"])
    wanting = {
        kind: rows for kind, rows in report["per_type"].items()
        if rows["manufacturer"]["right"] + rows["type"]["right"]
        < rows["manufacturer"]["labelled"] + rows["type"]["labelled"]
    }  # fmt: skip
    _show_shares("by kind, where anything is wrong or missing", wanting)
    for name in ("manufacturer", "type", "together"):
        print(f"\ncalibration: {name}")
        for row in report["calibration"][name]:
            print(f"  {row['from']:.2f}-{row['to']:.2f}  {row['stated']:5d} stated at "
                  f"{row['mean_confidence']:.3f}, {_percent(row['right'])} right")  # fmt: skip
    print("\npackets until manufacturer and type are settled: median, nine tenths, at most")
    for name, row in report["packets_to_identity"].items():
        print(f"  {name:20} {row['devices']:4d} devices {row['median']!s:>6} {row['p90']!s:>5} "
              f"{row['max']!s:>5}")  # fmt: skip
    print("\n" + ", ".join(f"{n} {what.replace('_', ' ')}"
                           for what, n in report["personas"].items()))  # fmt: skip
    print(f"medical: {report['medical']}\n")
    for key, aim in AIMS.items():
        value = report[key]
        verdict = "ok" if value is not None and value >= aim else "MISSED"
        print(f"{key:28} {value!s:>7}  aim {aim}  {verdict}")


def _show_misses(report: dict[str, Any]) -> None:
    print("every miss: persona, attribute, expected, found, confidence (* held out)")
    for one in report["misses"]:
        mark = "*" if one["held_out"] else " "
        sure = "" if one["confidence"] is None else f"{one['confidence']:.2f}"
        print(f" {mark}{one['persona']:24} {one['attribute']:12} {one['verdict']:8} "
              f"{one['expected'][:44]!r} <- {(one['found'] or '-')[:44]!r} {sure} "
              f"[{' '.join(one['speaks'])}]")  # fmt: skip
    for names in report["merged"]:
        print(f"  one entry for {', '.join(names)}")
    for name in report["not_found"]:
        print(f"  no entry for {name}")
    for entry in report["entries_of_no_persona"]:
        print(f"  an entry that is no persona's: {entry}")
    print("\nconfusion of types")
    for pair, count in report["confusion"].items():
        print(f"  {count:4d} {pair}")


def _show_groups(report: dict[str, Any]) -> None:
    print(f"\n{'group':20} {'attribute':12} labelled  right  wrong general missing  precision  "
          "recall  coverage  strict p/r")  # fmt: skip
    for name, rows in report["groups"].items():
        for attribute, row in rows.items():
            print(f"{name:20} {attribute:12} {row['labelled']:8d} {row['right']:6d} "
                  f"{row['wrong']:6d} {row['general']:7d} {row['missing']:7d}  "
                  f"{_percent(row['precision']):>9} {_percent(row['recall']):>7} "
                  f"{_percent(row['coverage']):>9}  {_percent(row['strict_precision'])}/"
                  f"{_percent(row['strict_recall'])}")  # fmt: skip


def _show_shares(title: str, table: dict[str, Any]) -> None:
    print(f"\n{title}: personas, precision and recall of the manufacturer, and of the type")
    for name, rows in table.items():
        maker, kind = rows["manufacturer"], rows["type"]
        print(f"  {name:34} {kind['labelled']:4d}  {_percent(maker['precision']):>7} "
              f"{_percent(maker['recall']):>7}  {_percent(kind['precision']):>7} "
              f"{_percent(kind['recall']):>7}")  # fmt: skip


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f}%"


if __name__ == "__main__":
    main()
