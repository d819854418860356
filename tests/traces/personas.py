"""Stations on one Ethernet segment, made of network namespaces, and a capture of all they say.

A generator script gives its main function to `contained`. That starts the script again inside
mount, process and network namespaces of its own, with a time limit: whatever happens then, even
a SIGKILL, the kernel takes every station, process and temporary file away with it. Inside, a
`Site` is a switch and each `Persona` a host on it that runs genuine programs under its own name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).resolve().parent
# /run is a file system of our own inside (see _private_mounts), so nothing stays behind.
WORK = Path("/run/site")
INSIDE = "WARDWATCH_TRACES_INSIDE"
# Nothing of the caller's environment reaches a program whose traffic is kept.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": str(WORK),
    "PYTHONPATH": str(HERE),
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
# Else the kernel hands over segments larger than the MTU and checksums that are not filled in.
OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro", "lro", "rxvlan", "txvlan")
PATIENCE = 15.0


def contained(main: Callable[[Path], None], *, programs: Sequence[str], seconds: int) -> None:
    """Run `main(outdir)` inside namespaces of its own, for at most so many seconds."""
    outdir = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE
    if INSIDE in os.environ:
        _private_mounts()
        main(outdir)
        return
    if os.geteuid() != 0:
        sys.exit(f"{sys.argv[0]}: network namespaces need root: run it with sudo")
    base = ("ip", "unshare", "setpriv", "timeout", "tcpdump", "ethtool", "ss", "busybox")
    missing = [program for program in (*base, *programs) if shutil.which(program) is None]
    if missing:
        sys.exit(f"{sys.argv[0]}: not installed: {', '.join(missing)} (see {HERE / 'README.md'})")
    outdir.mkdir(parents=True, exist_ok=True)
    # SIGKILL: the first process of a process namespace ignores what it has no handler for.
    limit = ["timeout", "--signal=KILL", str(seconds), "setpriv", "--pdeathsig", "KILL"]
    unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    script = [sys.executable, str(Path(sys.argv[0]).resolve()), str(outdir)]
    os.environ[INSIDE] = "1"
    os.execvp(limit[0], [*limit, *unshare, *script])  # noqa: S606  # an argument list, no shell


def _private_mounts() -> None:
    """Give the stations an empty /run, and names that are not this machine's."""
    _sh("mount", "-t", "tmpfs", "tmpfs", "/run")
    WORK.mkdir()
    name_files = {"hosts": "127.0.0.1 localhost\n::1 localhost\n", "hostname": "station\n"}
    for name, text in name_files.items():
        _cover(Path("/etc") / name, text)


def _cover(path: Path, text: str) -> None:
    """Let `path` read as `text`, for the processes inside only."""
    own = WORK / f"etc-{path.name}"
    own.write_text(text)
    target = path.resolve()
    if not target.exists():  # a link into /run, which is empty now
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _sh("mount", "--bind", str(own), str(target))


def _sh(*args: str) -> str:
    """Run a command that must succeed; its output goes into the error if it does not."""
    done = subprocess.run(args, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def wait_for(what: str, ready: Callable[[], bool]) -> None:
    """Wait until it is so; an error that names it after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.02)


class Persona:
    """A host: a network namespace with one card, an address, a host name and its programs."""

    def __init__(self, name: str, mac: str, address: str | None = None) -> None:
        self.name = name
        self.mac = mac
        self.address = address
        self.home = WORK / name

    @property
    def ip(self) -> str:
        """The address without its prefix length."""
        if self.address is None:
            raise RuntimeError(f"{self.name} has no address yet: give it one or call lease()")
        return self.address.partition("/")[0]

    def __enter__(self) -> Self:
        """Plug it in. A fixed address is announced by a gratuitous ARP, or by IPv6's DAD."""
        self.home.mkdir()
        ip6 = self.address is not None and ":" in self.address
        _sh("ip", "netns", "add", self.name)
        self._sysctl("net/ipv6/conf/all/disable_ipv6", "0" if ip6 else "1")
        self._sysctl("net/ipv6/conf/default/disable_ipv6", "0" if ip6 else "1")
        port = f"p-{self.name}"[:15]
        card = ("name", "eth0", "address", self.mac, "mtu", "1500", "netns", self.name)
        _sh("ip", "-n", "switch", "link", "add", port, "mtu", "1500", "type", "veth", "peer", *card)
        _offloads_off("switch", port)
        _offloads_off(self.name, "eth0")
        _sh("ip", "-n", "switch", "link", "set", port, "master", "lan", "up")
        _sh("ip", "-n", self.name, "link", "set", "lo", "up")
        _sh("ip", "-n", self.name, "link", "set", "eth0", "up")
        if self.address:
            _sh("ip", "-n", self.name, "address", "add", self.address, "dev", "eth0")
            wait_for(f"the address of {self.name}", self._settled)
            if not ip6:
                self.run("busybox", "arping", "-q", "-U", "-c", "1", "-I", "eth0", self.ip)
        return self

    def __exit__(self, *_: object) -> None:
        for pid in _sh("ip", "netns", "pids", self.name).split():
            os.kill(int(pid), 9)
        _sh("ip", "netns", "del", self.name)
        shutil.rmtree(self.home)

    def run(self, *args: str, timeout: float = 60, ok: Sequence[int] = (0,)) -> str:
        """Run a program on this host to its end; what it printed."""
        done = subprocess.run(
            self._command(args), cwd=self.home, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=timeout, check=False,
        )  # fmt: skip
        if done.returncode not in ok:
            said = done.stdout.strip()
            raise RuntimeError(f"{self.name}: {' '.join(args)}: exit {done.returncode}: {said}")
        return done.stdout

    def serve(self, *args: str, port: int, udp: bool = False) -> None:
        """Start a program on this host that stays, and wait until it listens on the port."""
        log = self.home / f"{port}.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                self._command(args), cwd=self.home, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out,
            )  # fmt: skip

        def listening() -> bool:
            if server.poll() is not None:
                raise RuntimeError(f"{self.name}: {' '.join(args)}: {log.read_text().strip()}")
            query = ("ss", "-HnlN", self.name, "-u" if udp else "-t", f"sport = :{port}")
            return bool(_sh(*query).strip())

        wait_for(f"{self.name} to listen on {port}", listening)

    def lease(self, *, vendor_class: str = "", fqdn: str = "", ask: Sequence[int] = ()) -> None:
        """Get an address from the DHCP server on the segment, as busybox's udhcpc does."""
        client = ["udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "5", "-T", "1", "-a200"]
        client += ["-s", str(HERE / "udhcpc.sh"), "-x", f"hostname:{self.name}"]
        client += ["-V", vendor_class] if vendor_class else []
        client += ["-F", fqdn] if fqdn else []
        client += ["-o"] if ask else []
        for option in ask:
            client += ["-O", str(option)]
        self.run(*client)
        self.address = (self.home / "lease").read_text().strip()

    def _command(self, args: Sequence[str]) -> list[str]:
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        return ["ip", "netns", "exec", self.name, *named, *args]

    def _settled(self) -> bool:
        """Tell whether duplicate address detection is over, so that the address can be used."""
        return "tentative" not in _sh("ip", "-n", self.name, "address", "show", "dev", "eth0")

    def _sysctl(self, key: str, value: str) -> None:
        _sh("ip", "netns", "exec", self.name, "sh", "-c", f"echo {value} > /proc/sys/{key}")


class Site:
    """A flat segment: one switch that personas are plugged into, and a tap on it."""

    def __init__(self, *, nameserver: str | None = None) -> None:
        self.nameserver = nameserver
        self._plugged = ExitStack()

    def __enter__(self) -> Self:
        # Without a name server, look-ups end at once on the host itself and leave no traffic.
        resolver = f"nameserver {self.nameserver or '127.0.0.1'}\nsearch hospital.example\n"
        _cover(Path("/etc/resolv.conf"), resolver)
        _sh("ip", "netns", "add", "switch")
        self._plugged.callback(_sh, "ip", "netns", "del", "switch")
        quiet = "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"
        _sh("ip", "netns", "exec", "switch", "sh", "-c", quiet)
        _sh("ip", "-n", "switch", "link", "add", "lan", "type", "bridge", "mcast_snooping", "0")
        _sh("ip", "-n", "switch", "link", "set", "lan", "up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._plugged.__exit__(kind, error, trace)
        _sh("umount", str(Path("/etc/resolv.conf").resolve()))

    def persona(self, name: str, mac: str, address: str | None = None) -> Persona:
        """Plug a host in, until the site is left; without address it can ask DHCP for one."""
        return self._plugged.enter_context(Persona(name, mac, address))

    @contextmanager
    def capture(self, path: Path, *, whole: bool = True) -> Iterator[None]:
        """Write every frame on the switch to `path`, if what is done meanwhile succeeds.

        Lost frames are an error, unless the capture need not be whole.
        """
        own = WORK / path.name
        tap = ["tcpdump", "-i", "lan", "-s", "0", "-n", "-B", "16384", "-Z", "root", "-U"]
        tap.append("--immediate-mode")  # else what waits in the kernel is lost at the end
        command = ["ip", "netns", "exec", "switch", *tap, "-w", str(own)]
        log = WORK / f"{path.name}.log"
        with log.open("wb") as out:
            tcpdump = subprocess.Popen(command, stdout=out, stderr=out)
        wait_for("tcpdump", lambda: b"listening on" in log.read_bytes())
        yield
        time.sleep(0.5)  # the last FINs and their ACKs
        tcpdump.send_signal(2)
        tcpdump.wait(PATIENCE)
        if "\n0 packets dropped by kernel" not in log.read_text():
            if whole:
                raise RuntimeError(f"{path}: tcpdump lost packets: {log.read_text()}")
            print(f"{path.name}: {log.read_text().strip().splitlines()[-1]}")
        shutil.copyfile(own, path)
        print(f"{path.name}: {path.stat().st_size} bytes")


def _offloads_off(namespace: str, device: str) -> None:
    off = [word for name in OFFLOADS for word in (name, "off")]
    _sh("ip", "netns", "exec", namespace, "ethtool", "-K", device, *off)
