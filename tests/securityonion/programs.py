"""Stands in for the programs of a manager: records what it is asked, and answers as documented.

One file under many names, a process of its own with nothing but Python's own library; `run` does
the same inside of a test, where many are needed. `world.json` holds what Elasticsearch, Kibana,
systemd and the sensors would hold.
"""

import base64
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

HOME = ROOT = WORLD = Path()
NAME, WORDS = "", []


def run(home: Path, name: str, words: list[str], data: bytes) -> tuple[int, str, str]:
    """Answer inside of this process: status, and what was printed."""
    out, err, old = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(data.decode())
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = answer(home, name, words)
    finally:
        sys.stdin = old
    return status, out.getvalue(), err.getvalue()


def answer(home: Path, name: str, words: list[str]) -> int:
    """Answer as a program of a manager."""
    global HOME, ROOT, WORLD, NAME, WORDS
    HOME, ROOT, WORLD, NAME, WORDS = home, home / "root", home / "world.json", name, words
    return main()


def main() -> int:
    """Answer as the program of this name."""
    world = json.loads(WORLD.read_text())
    with (HOME / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps([NAME, *WORDS]) + "\n")
    if NAME in world["broken"]:
        print(f"{NAME}: it is broken", file=sys.stderr)
        return 1
    before = json.dumps(world, sort_keys=True)
    status = PROGRAMS[NAME](world)
    after = json.dumps(world, sort_keys=True)
    if after != before:
        temporary = WORLD.with_name(f"world.{os.getpid()}")
        temporary.write_text(after)
        temporary.replace(WORLD)
    return status


def salt_call(world: dict) -> int:
    """Pillars, grains and states of the manager."""
    if "state.apply" in WORDS:
        return 0
    if "--out=json" in WORDS:
        print(json.dumps({"local": world["pillar"].get(WORDS[-2], "")}))
        return 0
    print(world["salt"].get(WORDS[WORDS.index("--out=newline_values_only") - 1], ""))
    return 0


def salt(world: dict) -> int:
    """What all sensors answer."""
    if "state.apply" in WORDS:
        told = apply_zeek()
    elif "pillar.get" in WORDS:
        told = world["pillar"].get(WORDS[3], "")
    elif "zeekctl status" in WORDS[3]:
        running = "running    412    23 Nov 01:00:00" if world["zeek_runs"] else "crashed"
        head = "Name         Type       Host          Status    Pid    Started"
        told = f"{head}\nzeek         standalone localhost     {running}"
    else:
        told = ""
        shutil.rmtree(inside(WORDS[3].removeprefix("rm -rf ")), ignore_errors=True)
    print(json.dumps({world["salt"]["host"] + "_standalone": told} if world["sensors"] else {}))
    return 0


def apply_zeek() -> dict:
    """Salt's states zeekpolicysync (file.recurse without clean, Jinja) and zeekctl.cfg."""
    source = ROOT / "opt/so/saltstack/local/salt/zeek/policy/custom"
    for path in source.rglob("*"):
        if path.is_file():
            if re.search(rb"\{\{|\{%|\{#", path.read_bytes()):
                return {"file_|-zeekpolicysync": {"result": False, "comment": "Jinja error"}}
            copy = ROOT / "opt/so/conf/zeek/policy/custom" / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    pillar = (ROOT / "opt/so/saltstack/local/pillar/zeek/adv_zeek.sls").read_text()
    found = re.search(r"^[^#\n]*SitePolicyScripts:\s*(.*)$", pillar, re.M)
    scripts = found[1].strip().strip("\"'") if found else "local.zeek"
    config = ROOT / "opt/so/conf/zeek/zeekctl.cfg"
    config.write_text(f"SitePolicyScripts = {scripts}\n")
    return {"file_|-zeekctlcfg": {"result": True, "comment": "updated"}}


def docker(world: dict) -> int:
    """Zeek and Suricata in their images."""
    if "--version" in WORDS:
        print(f"/opt/zeek/bin/zeek version {world['zeek']}")
        return 0
    if "-T" in WORDS:
        mounted = next(w for w in WORDS if w.endswith(":/wardwatch:ro")).split(":")[0]
        return suricata(world, Path(mounted) / "iomt.rules")
    staged = Path(next(w for w in WORDS if w.endswith("/policy/custom:ro")).split(":")[0])
    assert (staged / "iomt/__load__.zeek").is_file()
    if world["real"]:
        told = subprocess.run(["zeek", "--help"], capture_output=True, text=True, check=False)
        (path,) = re.findall(r"\$ZEEKPATH.*\((.*)\)", told.stdout + told.stderr)
        environment = {**os.environ, "ZEEKPATH": f"{path}:{staged.parent}"}
        return subprocess.run(["zeek", "-a", WORDS[-1]], env=environment, check=False).returncode
    if not world["parses"]:
        print("error in custom/iomt/__load__.zeek, line 1: syntax error", file=sys.stderr)
    return 0 if world["parses"] else 1


def suricata(world: dict, rules: Path) -> int:
    """What Suricata says of rules; the real one, where the world is to be real."""
    if world["real"]:
        words = ["suricata", "-T", "-v", "-S", str(rules), "-l", str(HOME)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr)
        return done.returncode
    count = len(rules.read_text().splitlines())
    failed = 0 if world["rules_load"] else 1
    print(f"Info: detect: {count} rules successfully loaded, {failed} rules failed, 0")
    return 0


def testrule(world: dict) -> int:
    """It ends with 0 whatever Suricata says."""
    assert Path(WORDS[1]).read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    suricata(world, Path(WORDS[0]))
    print("End so-suricata-testrule")
    return 0


def query(world: dict) -> int:
    """so-elasticsearch-query: curl with the superuser's login."""
    method = "HEAD" if "--head" in WORDS else WORDS[WORDS.index("-X") + 1]
    body = json.loads(sys.stdin.read() or "null") if "--data-binary" in WORDS else None
    status, answer = elasticsearch(world["es"], method, urlsplit("/" + WORDS[0]), body)
    sys.stdout.write(f"HTTP/1.1 {status} X\r\nx-elastic-product: Elasticsearch\r\n")
    sys.stdout.write("content-type: application/json\r\n\r\n")
    if method != "HEAD":
        sys.stdout.write(json.dumps(answer))
    return 0


def elasticsearch(es: dict, method: str, url, body) -> tuple[int, object]:
    """The APIs that an install needs."""
    first, *rest = [unquote(part) for part in url.path.strip("/").split("/")]
    if first in ("_component_template", "_index_template"):
        return kept(es[first], method, rest[0], body, lambda one: listed(first, rest[0], one))
    if first in ("_ingest", "_security") and rest[0] in ("pipeline", "role"):
        return kept(es[rest[0]], method, rest[1], body, lambda one: {rest[1]: one})
    if first == "_security":
        return api_key(es, method, parse_qs(url.query), body)
    if first in ("", "_cluster"):
        return 200, {"version": {"number": es["version"]}, "status": es["health"]}
    if first == "_data_stream":
        return kept(es["stream"], method, rest[0], body, dict)
    return index(es, method, first, rest, body)


def index(es: dict, method: str, name: str, rest: list, body) -> tuple[int, object]:
    """An index, its alias and its mapping."""
    if not rest:
        made = mappings(es, name) if method == "PUT" else None
        return kept(es["index"], method, name, made, dict)
    if name not in es["index"]:
        return 404, {"error": {"reason": "no such index"}, "status": 404}
    if rest == ["_mapping"] and method == "PUT":
        es["index"][name]["_meta"].update(body.get("_meta", {}))
    return 200, {name: {"aliases": {}, "mappings": es["index"][name]}}


def listed(kind: str, name: str, one: object) -> dict:
    """Templates come in a list."""
    return {f"{kind[1:]}s": [{"name": name, kind[1:]: one}]}


def mappings(es: dict, name: str) -> dict:
    """Return the _meta that an index gets from its templates."""
    meta: dict = {}
    for template in es["_index_template"].values():
        if any(re.fullmatch(p.replace("*", ".*"), name) for p in template["index_patterns"]):
            for part in template["composed_of"]:
                meta |= es["_component_template"][part]["template"]["mappings"].get("_meta", {})
    return {"_meta": meta}


def kept(table: dict, method: str, name: str, body, shown) -> tuple[int, object]:
    """Keep, show and delete things by name."""
    if method == "PUT":
        table[name] = body
        return 200, {"acknowledged": True}
    if name not in table:
        return 404, {"error": {"reason": f"{name} not found"}, "status": 404}
    if method == "DELETE":
        del table[name]
        return 200, {"acknowledged": True}
    return 200, shown(table[name])


def api_key(es: dict, method: str, asked: dict, body) -> tuple[int, object]:
    """https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-create-api-key"""
    if method in ("POST", "PUT"):
        made = {"id": f"key{len(es['key'])}", "invalidated": False, **body}
        es["key"].append(made)
        encoded = base64.b64encode(f"{made['id']}:secret".encode()).decode()
        return 200, {"id": made["id"], "name": made["name"], "encoded": encoded}
    if method == "GET":
        return 200, {"api_keys": [one for one in es["key"] if one["name"] in asked["name"]]}
    for one in es["key"]:
        one["invalidated"] = one["invalidated"] or one["id"] in body["ids"]
    return 200, {"invalidated_api_keys": body["ids"]}


def config_load(world: dict) -> int:
    """As Security Onion's program: a state file is made after an import that succeeded."""
    file = Path(WORDS[1])
    remembered = ROOT / f"opt/so/state/kibana_{file.name.split('.')[0]}.txt"
    if not remembered.exists():
        for line in file.read_text().splitlines():
            one = json.loads(line)
            world["kibana"][f"{one['type']} {one['id']}"] = one["attributes"].get("title", "")
        remembered.touch()
    return 0


def curl(world: dict) -> int:
    """Kibana's export and delete."""
    url, objects = urlsplit(WORDS[-1]), world["kibana"]
    assert Path(WORDS[WORDS.index("-K") + 1]).is_file()
    if url.path.endswith("/_export"):
        wanted = json.loads(sys.stdin.read())["objects"]
        gone = [one for one in wanted if f"{one['type']} {one['id']}" not in objects]
        answer = {"statusCode": 400, "attributes": {"objects": gone}}
        print(json.dumps(answer) if gone else "{}", 400 if gone else 200, sep="\n", end="")
        return 0
    kind, name = map(unquote, url.path.split("/")[-2:])
    found = objects.pop(f"{kind} {name}", None)
    print("{}", 404 if found is None else 200, sep="\n", end="")
    return 0


def systemctl(world: dict) -> int:
    """Units that run."""
    if WORDS[0] == "is-active":
        print("active" if WORDS[1] in world["units"] else "inactive")
        return 0 if WORDS[1] in world["units"] else 3
    named = {word for word in WORDS if word.endswith((".service", ".timer"))}
    known = set(world["units"])
    world["units"] = sorted(known | named if WORDS[0] == "enable" else known - named)
    return 0


def account(world: dict) -> int:
    """id, useradd and userdel."""
    if NAME == "id":
        return 0 if WORDS[-1] in world["users"] else 1
    known = set(world["users"])
    world["users"] = sorted(known | {WORDS[-1]} if NAME == "useradd" else known - {WORDS[-1]})
    return 0


def inside(path: str) -> Path:
    """Return where a path of a sensor is."""
    return ROOT / path.lstrip("/")


PROGRAMS = {
    "salt-call": salt_call, "salt": salt, "docker": docker, "so-suricata-testrule": testrule,
    "so-elasticsearch-query": query, "so-kibana-config-load": config_load, "curl": curl,
    "systemctl": systemctl, "id": account, "useradd": account, "userdel": account,
    "so-status": lambda _: 0,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(answer(Path(os.environ["FAKE_MANAGER"]), Path(sys.argv[0]).name, sys.argv[1:]))
