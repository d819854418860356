"""A real server of one node on loopback: unpacked, started as no administrator, and stopped."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from servers.downloads import java_home

USER = "nobody"  # neither server starts as root
START_SECONDS = 180
_ADDRESS = re.compile(rb"HttpServerTransport\s*\] \[[^]]*\] publish_address \{127\.0\.0\.1:(\d+)\}")
_READY = re.compile(rb"\] recovered \[\d+\] indices into cluster_state")
# What both engines take: one node, on loopback, on ports of its own choosing.
CONFIGURATION = """\
discovery.type: single-node
network.host: 127.0.0.1
http.port: 0
transport.port: 0
node.store.allow_mmap: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


@dataclass
class Node:
    """One server. Its home is readable by its user, and is removed with it."""

    archive: Path
    scheme: str = "http"
    java: Path = field(init=False)
    directory: Path = field(init=False)
    home: Path = field(init=False)
    port: int = field(init=False, default=0)
    process: subprocess.Popen[bytes] = field(init=False)
    _command: list[str] = field(init=False)
    _environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.java = java_home()
        self.directory = Path(tempfile.mkdtemp(prefix="wardwatch-server-"))
        with zipfile.ZipFile(self.archive) as archive:
            archive.extractall(self.directory)
        (self.home,) = self.directory.iterdir()
        for name in ("data", "logs", "tmp"):
            (self.home / name).mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def configure(self, file: str, text: str) -> None:
        """Write a file of the configuration."""
        (self.home / "config" / file).write_text(text, encoding="utf-8")

    def start(self, program: str, environment: dict[str, str]) -> None:
        """Start the program of `bin` and return when it answers."""
        # A copy, for the checkout may lie where the other user cannot look.
        java = shutil.copytree(self.java, self.directory / "java")
        self._drop_vector_module()
        root = os.geteuid() == 0
        for path in (self.directory, *self.directory.rglob("*")):
            if root:
                shutil.chown(path, USER)
            path.chmod(0o755 if path.is_dir() or path.parent.name in ("bin", "lib") else 0o644)
        self._command = [str(self.home / "bin" / program)]
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "ES_TMPDIR": str(self.home / "tmp"),
            "OPENSEARCH_TMPDIR": str(self.home / "tmp"),
            **{name: value.format(java=java) for name, value in environment.items()},
        }
        self._launch()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Start it again with the data that it has; a port of its own choosing is another one."""
        self._launch()

    def _launch(self) -> None:
        root = os.geteuid() == 0
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                self._command,
                cwd=self.home,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=USER if root else None,
                group=pwd.getpwnam(USER).pw_gid if root else None,
                extra_groups=[] if root else None,
            )
        self._wait()

    def stop(self) -> None:
        """End the server, and all that it started."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.directory)

    @property
    def _output(self) -> Path:
        return self.directory / "output.txt"

    def _drop_vector_module(self) -> None:
        # The runtime has no such module, and the servers do without.
        options = self.home / "config" / "jvm.options"
        lines = options.read_text(encoding="utf-8").splitlines(keepends=True)
        options.write_text("".join(line for line in lines if "jdk.incubator.vector" not in line))

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            said = self._output.read_bytes()
            address = _ADDRESS.search(said)
            if address and _READY.search(said):
                self.port = int(address[1])
                return
            time.sleep(0.2)
        output = self._output.read_text(errors="replace")[-3000:]
        self.stop()
        raise RuntimeError(f"{self.archive.name} did not start:\n{output}")
