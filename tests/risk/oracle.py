"""The risk model once more, written down from its text and the public tables alone.

It shares no line and no figure with the enrichment: what both say is what the text says.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

SSVC = Path(__file__).parents[3] / "shared" / "data" / "ssvc"
A = {"confirmed": 1.0, "likely": 0.8, "possible": 0.4, "not_affected": 0, "fixed": 0}
R = {"exploitable": 1.0, "potential": 0.6, "unlikely": 0.2, "not_exploitable": 0.02}
X = {
    "internet_in": (1.0, "open"), "guest": (0.95, "open"), "internet_out": (0.85, "controlled"),
    "enterprise": (0.8, "controlled"), "unknown": (0.6, "controlled"),
    "clinical_shared": (0.5, "controlled"), "allowlisted": (0.2, "small"),
    "isolated": (0.1, "small"),
}  # fmt: skip
WORDS = {"defer": "Track", "scheduled": "Track*", "out-of-cycle": "Attend", "immediate": "Act"}
ORDER = ["Track", "Track*", "Attend", "Act"]


@cache
def rows(name: str) -> list[list[str]]:
    """Return the rows of one of the public tables, without their numbers."""
    with (SSVC / name).open(encoding="utf-8", newline="") as file:
        return [row[1:] for row in list(csv.reader(file))[1:]]


def look_up(name: str, *key: str) -> str:
    """Return the decision for a row's conditions."""
    return next(row[-1] for row in rows(name) if tuple(row[:-1]) == key)


def verdict(truths: list[str], way: str) -> str:
    """Return the verdict: table of 4.3."""
    if way == "P" or any(one == "strong_false" for one in truths):
        return "not_exploitable"
    if any(one == "weak_false" for one in truths) or way == "L":
        return "unlikely"
    return "exploitable" if all(one == "true" for one in truths) else "potential"


def work_out(c: dict[str, Any]) -> dict[str, Any]:
    """Return the figures and the label of a case as it was drawn."""
    m = dict(part.split(":") for part in c["cvss"].split("/")[1:])
    zone = c["zone"]
    if zone in ("allowlisted", "isolated") and not c["boundary"]:
        zone = "clinical_shared"
    near = zone in ("allowlisted", "isolated")
    v = verdict(c["truths"], m["AV"])
    av = {"N": 0.62 if near else 0.85, "A": 0.62, "L": 0.55, "P": 0.2}[m["AV"]]
    pr = {"N": 0.85, "L": 0.68 if m["S"] == "C" else 0.62, "H": 0.5 if m["S"] == "C" else 0.27}
    ease = av * {"L": 0.77, "H": 0.44}[m["AC"]] * pr[m["PR"]] * {"N": 0.85, "R": 0.62}[m["UI"]]
    ease /= 0.4729
    t = c["threat"]
    threat = max(
        0.1, t["epss"], 0.45 * t["codeless"], 0.5 * t["public"], 0.85 * t["kev"],
        1.0 * (t["kev"] and t["ransomware"]), 1.0 * t["attempt"],
    )  # fmt: skip
    chance = A[c["affected"]] * R[v] * X[zone][0] * max(threat, 0.6 * ease)
    impact = _impact(c, m)
    axes = [10 * one * chance for one in impact]
    score = max(axes[0], 0.9 * axes[1], 0.8 * axes[2])
    return {
        "verdict": v, "ease": ease, "threat": threat, "likelihood": chance, "safety": axes[0],
        "effectiveness": axes[1], "data": axes[2], "score": score,
        **_label(c, m, v, zone, impact),
    }  # fmt: skip


def _impact(c: dict[str, Any], m: dict[str, str]) -> list[float]:
    s, e, p = c["factors"]
    conf, integ, avail = ({"H": 1.0, "L": 0.4, "N": 0.0}[m[one]] for one in "CIA")
    foothold = 1 if m["C"] + m["I"] + m["A"] == "HHH" else 0.5 if m["I"] == "H" else 0
    return [
        round(one, 6)
        for one in (
            s * max(integ, (1.0 if c["life"] else 0.6) * avail),
            e * max(avail, 0.7 * integ),
            max(p * conf, 6 * foothold),
        )
    ]


def _label(
    c: dict[str, Any], m: dict[str, str], v: str, zone: str, impact: list[float]
) -> dict[str, str]:
    t, s = c["threat"], c["factors"][0]
    if c["affected"] in ("not_affected", "fixed"):
        return {"label": "Track", "path": "C0"}
    exploitation = "active" if t["kev"] or t["attempt"] else "public poc" if t["public"] else "none"
    exposure = "small" if v in ("not_exploitable", "unlikely") else X[zone][1]
    simple = m["AV"] + m["PR"] + m["UI"] == "NNN"
    automatable = simple and (m["AC"] == "L" or (t["kev"] and t["ransomware"]))
    automatable = automatable or t["automatable"] is True
    human = _human(c, impact, automatable)
    auto = "yes" if automatable else "no"
    word = look_up(
        "deployer_patch_application_priority_1_0_0.csv", exploitation, exposure, auto, human
    )
    label, path = WORDS[word], f"tree({exploitation},{exposure},{auto},{human})"
    grave, wide = human in ("high", "very high"), exposure != "small"
    if t["kev"] and v in ("exploitable", "potential") and A[c["affected"]] >= 0.8 and s >= 8:
        label, path = raised(label, path, "Attend", "F2a")
    total = m["C"] + m["I"] + m["A"] == "HHH"
    if t["kev"] and automatable and total and v == "exploitable" and grave and wide:
        label, path = raised(label, path, "Act", "F2b")
    if t["kev"] and zone == "internet_in":
        label, path = raised(label, path, "Act", "F2c")
    if v == "exploitable" and grave and wide and (automatable or (t["public"] and impact[0] >= 9)):
        label, path = raised(label, path, "Attend", "F3")
    for name, holds, least in (
        ("F4a", t["attempt"], "Attend"), ("F4b", t["harm"], "Act"), ("F5", c["recall"], "Attend"),
        ("F6", c["life"] and v == "exploitable" and m["I"] != "N" and wide, "Attend"),
    ):  # fmt: skip
        if holds:
            label, path = raised(label, path, least, name)
    return _lowered(c, v, zone, label, path)


def raised(label: str, path: str, least: str, name: str) -> tuple[str, str]:
    """Return a label that is at least another."""
    higher = ORDER.index(least) > ORDER.index(label)
    return (least, f"{path}+{name}") if higher else (label, path)


def _lowered(c: dict[str, Any], v: str, zone: str, label: str, path: str) -> dict[str, str]:
    t = c["threat"]
    if v == "not_exploitable" and not t["harm"]:
        return {"label": "Track", "path": f"{path}+C1"}
    known = t["attempt"] or t["harm"] or c["recall"] or (t["kev"] and zone == "internet_in")
    if not c["covered"] and v == "potential" and not known:
        return {"label": "Cannot tell", "path": f"{path}+C3"}
    if c["affected"] == "possible" and label == "Act" and not t["harm"]:
        return {"label": "Attend", "path": f"{path}+C2"}
    return {"label": label, "path": path}


def _human(c: dict[str, Any], impact: list[float], automatable: bool) -> str:
    safety = "negligible" if impact[0] < 2 else "marginal" if impact[0] < 6 else "critical"
    if impact[0] >= 9 and automatable and c["fleet"] >= 10:
        safety = "catastrophic"
    mission = "degraded" if impact[1] < 3 else "mef support crippled"
    mission = mission if impact[1] < 6 else "mef failure"
    human = look_up("human_impact_1_0_0.csv", safety, mission)
    return "high" if impact[2] >= 8 and human in ("low", "medium") else human


def bod(c: dict[str, Any], zone: str) -> str:
    """Return CISA's deadline for a case that is in KEV."""
    m = dict(part.split(":") for part in c["cvss"].split("/")[1:])
    t = c["threat"]
    simple = m["AV"] + m["PR"] + m["UI"] == "NNN" and (m["AC"] == "L" or t["ransomware"])
    key = (
        "yes",
        "yes" if zone == "internet_in" else "no",
        "yes" if simple or t["automatable"] else "no",
        "total" if m["C"] + m["I"] + m["A"] == "HHH" else "partial",
    )
    return look_up("cisa_bod_26_04_1_0_0.csv", *key)
