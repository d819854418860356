"""Rows per second of `ingest` beside a loop that only calls `orjson.loads` on every line.

Both read the same generated million rows of logs that ingest uses, conn-heavy as a sensor writes
them, each in a process of its own, by turns. Prints rates, their ratio and ingest's peak memory.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import orjson

BUILD = Path(__file__).parents[2] / "build"
LOGS = BUILD / "bench-logs"
ROUNDS = 3
ROWS = {"conn": 985_000, "iomt_asset": 8_000, "dhcp": 4_000, "software": 3_000}
HOSTS, SERVERS, OUTSIDE = 3_000, 100, 50_000
STATES = ("SF",) * 14 + ("S0", "S0", "REJ", "RSTO", "RSTR", "OTH")


def mac(number: int) -> str:
    """Return a locally administered address."""
    return f"02:00:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def conn(at: float, rng: random.Random) -> dict[str, object]:
    """Return a row as conn.log has it, with mac-logging."""
    host = int(HOSTS * rng.random() ** 2)
    draw = rng.random()
    if draw < 0.04:
        peer, peer_mac, port = "224.0.0.251", "01:00:5e:00:00:fb", 5353
    elif draw < 0.4:
        # the internet, behind the router; a few names take most of the traffic
        number = int(OUTSIDE * rng.random() ** 3)
        peer, peer_mac, port = f"198.18.{number >> 8}.{number & 255}", mac(0xFFFF), 443
    else:
        number = int(SERVERS * rng.random() ** 2)
        peer, peer_mac, port = f"10.20.255.{number}", mac(0xF000 + number), rng.choice((53, 445))
    return {
        "ts": at - rng.expovariate(0.2),
        "uid": f"C{rng.getrandbits(96):018x}",
        "id.orig_h": f"10.20.{host >> 8}.{host & 255}",
        "id.orig_p": rng.randrange(1024, 65536),
        "id.resp_h": peer,
        "id.resp_p": port,
        "proto": "tcp" if port in (443, 445) else "udp",
        "service": "ssl",
        "duration": rng.random() * 10,
        "orig_bytes": rng.randrange(100_000),
        "resp_bytes": rng.randrange(1_000_000),
        "conn_state": "S0" if port == 5353 else rng.choice(STATES),
        "local_orig": True,
        "local_resp": draw >= 0.4,
        "missed_bytes": 0,
        "history": "ShADadFf",
        "orig_pkts": rng.randrange(1000),
        "orig_ip_bytes": rng.randrange(100_000),
        "resp_pkts": rng.randrange(1000),
        "resp_ip_bytes": rng.randrange(1_000_000),
        "ip_proto": 6,
        "orig_l2_addr": mac(host),
        "resp_l2_addr": peer_mac,
    }


def iomt_asset(at: float, rng: random.Random) -> dict[str, object]:
    """Return a claim of one of some hundred modalities."""
    host = rng.randrange(HOSTS // 10)
    field = rng.choice(("manufacturer", "manufacturer_model_name", "device_serial_number"))
    value = f"{field} {host % 20}" if field != "device_serial_number" else f"SN{host}"
    return {
        "ts": at,
        "uid": f"C{rng.getrandbits(96):018x}",
        "host": f"10.20.{host >> 8}.{host & 255}",
        "mac": mac(host),
        "subject": f"dicom:{host:016x}",
        "field": f"dicom.{field}",
        "value": value,
        "source": "dicom",
    }


def dhcp(at: float, rng: random.Random) -> dict[str, object]:
    """Return a renewed lease."""
    host = rng.randrange(HOSTS)
    return {
        "ts": at,
        "uids": [f"C{rng.getrandbits(96):018x}"],
        "mac": mac(host),
        "host_name": f"host-{host}",
        "assigned_addr": f"10.20.{host >> 8}.{host & 255}",
        "lease_time": 86400.0,
        "msg_types": ["REQUEST", "ACK"],
    }


def software(at: float, rng: random.Random) -> dict[str, object]:
    """Return a browser or server that was heard."""
    host = rng.randrange(HOSTS)
    return {
        "ts": at,
        "host": f"10.20.{host >> 8}.{host & 255}",
        "software_type": "HTTP::BROWSER",
        "unparsed_version": f"Agent/{host % 50}.{rng.randrange(3)}",
    }


def generate() -> None:
    """Write the logs, the same on every machine."""
    LOGS.mkdir(parents=True, exist_ok=True)
    rng = random.Random(3)  # noqa: S311  repeatable, not secret
    for log, rows in ROWS.items():
        path = LOGS / f"{log}.log"
        if path.exists():
            continue
        row = globals()[log]
        with path.with_suffix(".part").open("wb") as stream:
            for number in range(rows):
                at = 1_760_000_000.0 + number * 86_400 / rows
                stream.write(orjson.dumps(row(at, rng)) + b"\n")
        path.with_suffix(".part").rename(path)


def run_orjson() -> int:
    """Decode every line and nothing else."""
    for path in sorted(LOGS.glob("*.log")):
        with path.open("rb") as stream:
            for line in stream:
                orjson.loads(line)
    return sum(ROWS.values())


def run_ingest() -> int:
    """Do what `wardwatch ingest` does, into a new database."""
    from wardwatch.pipeline import Ingest  # noqa: PLC0415  not part of the other loop's process
    from wardwatch.scope import Scope  # noqa: PLC0415
    from wardwatch.store import Store  # noqa: PLC0415

    for leftover in BUILD.glob("bench.db*"):
        leftover.unlink()
    with Store(BUILD / "bench.db") as store:
        ingest = Ingest(store, site="bench", sensor="bench", scope=Scope())
        report = ingest.run(ingest.find([LOGS]))
    if report.failed or report.bad_rows:
        sys.exit("\n".join(report.problems))
    return report.rows


def measure(name: str) -> dict[str, float]:
    """Run one of the two in a process of its own; returns rows per second and peak MB."""
    printed = subprocess.run(
        [sys.executable, __file__, name], check=True, capture_output=True, text=True
    ).stdout
    return json.loads(printed)


def main() -> None:
    """Measure both by turns and print the medians."""
    generate()
    rounds = [(measure("ingest"), measure("orjson")) for _ in range(ROUNDS)]
    ratios = [ours["rate"] / theirs["rate"] for ours, theirs in rounds]
    figures = {
        "rows": sum(ROWS.values()),
        "ingest_rows_per_second": round(statistics.median(o["rate"] for o, _ in rounds)),
        "orjson_rows_per_second": round(statistics.median(t["rate"] for _, t in rounds)),
        "ingest_ratio_to_orjson": round(statistics.median(ratios), 2),
        "ingest_ratio_to_orjson_each": [round(ratio, 2) for ratio in ratios],
        "ingest_peak_mb": round(max(ours["peak_mb"] for ours, _ in rounds)),
    }
    (BUILD / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name, figure in figures.items():
        print(f"{name:30} {figure}")
    print("aims: ratio >= 1.0, peak < 300 MB")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        started = time.perf_counter()
        done = globals()[f"run_{sys.argv[1]}"]()
        rate = done / (time.perf_counter() - started)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rate": rate, "peak_mb": peak}))
