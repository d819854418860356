"""Make unrelated-*.pcap: what a hospital's network carries beside its devices, and noise.

Genuine programs only, apart from the noise. Not kept: `make false-recognition` makes it anew and
looks for medical protocols in it. The environment variable UNRELATED_MB says how much there is to
be, about. What is not installed is left out, and named in unrelated.json.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from personas import ENVIRONMENT, Persona, Site, contained

PEER = (sys.executable, "-m", "unrelated_peer")
MEGABYTES = int(os.environ.get("UNRELATED_MB", "300"))
RATE = ("tbf", "rate", "400mbit", "burst", "64kb", "latency", "50ms")  # that the tap loses little
SECONDS = 240
NGINX = """daemon off; pid nginx.pid; error_log stderr; user root;
events [ ]
http [
  include /etc/nginx/mime.types; access_log off; gzip on; gzip_types *; gzip_min_length 100;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
  scgi_temp_path t5;
  server [ listen 80; root pages; ]
  server [ listen 443 ssl; root pages; ssl_certificate c.pem; ssl_certificate_key k.pem; ]
]
"""
DOVECOT = """protocols = imap
base_dir = [HOME]/run
state_dir = [HOME]/state
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
mail_location = maildir:[HOME]/mail/%u
default_internal_user = root
default_login_user = nobody
first_valid_uid = 1
listen = *
passdb (
  driver = static
  args = password=pass
)
userdb (
  driver = static
  args = uid=mail gid=mail home=[HOME]/mail
)
service anvil (
  chroot =
)
service imap-login (
  chroot =
)
"""
SMB = """[global]
workgroup = OFFICE
map to guest = Bad User
guest account = root
disable spoolss = yes
load printers = no
interfaces = eth0
[files]
path = [HOME]/files
guest ok = yes
read only = no
"""


def share_of(part: float) -> int:
    """How many bytes a topic is to have."""
    return int(MEGABYTES * 1_000_000 * part)


def plug(site: Site, number: int, name: str) -> tuple[Persona, Persona]:
    """Plug in a server and a client."""
    mac = f"02:20:00:00:0a:{number:02x}"
    server = site.persona(f"{name}-server", mac, f"10.50.{number}.1/16")
    client = site.persona(f"{name}-client", mac.replace("0a", "0b"), f"10.50.{number}.2/16")
    for host in (server, client):
        host.run("tc", "qdisc", "add", "dev", "eth0", "root", *RATE)
    return server, client


def files(host: Persona, folder: str, count: int, total: int) -> list[Path]:
    """Write files onto a host."""
    host.run(*PEER, "pages", folder, str(count), str(total // count), host.name, timeout=120)
    return sorted((host.home / folder).iterdir())


def fetch(client: Persona, base: str, paths: list[Path], *options: str) -> None:
    """Download files, all in one connection."""
    urls = [f"{base}/{path.name}" for path in paths]
    sink = [word for _ in urls for word in ("-o", "/dev/null")]
    client.run("curl", "-sSk", *options, *sink, *urls, timeout=120)


def web(server: Persona, client: Persona) -> None:
    """Browse: nginx in clear and in TLS, and Python's server, to which forms are posted."""
    server.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
               "/CN=intranet.hospital.example", "-keyout", "k.pem", "-out", "c.pem")  # fmt: skip
    conf = NGINX.replace("[", "{").replace("]", "}")
    (server.home / "nginx.conf").write_text(conf)
    pages = files(server, "pages", 140, share_of(0.25))
    server.serve("nginx", "-p", str(server.home), "-c", "nginx.conf", port=80)
    server.serve(*PEER, "web", "pages", "8080", port=8080)
    fetch(client, f"http://{server.ip}", pages)
    fetch(client, f"http://{server.ip}", pages, "--compressed")
    fetch(client, f"https://{server.ip}", pages[::2])
    fetch(client, f"http://{server.ip}:8080", pages[::3])
    for kind in ("application/json", "text/xml", "application/fhir+json", "application/soap+xml"):
        for path in [page for page in pages if page.suffix in (".json", ".xml")][:6]:
            client.run("curl", "-sS", "-H", f"Content-Type: {kind}", "--data-binary", f"@{path}",
                       "-o", "/dev/null", f"http://{server.ip}:8080/form")  # fmt: skip


def mail(server: Persona, client: Persona) -> None:
    """Send mail with attachments."""
    server.serve(*PEER, "smtp", "25", port=25)
    size = min(200_000, share_of(0.06) // 20)
    client.run(*PEER, "mail", server.ip, "25", str(share_of(0.06) // size), str(size))


def mailbox(server: Persona, client: Persona) -> None:
    """Put mail into a mailbox and read it."""
    conf = DOVECOT.replace("[HOME]", str(server.home)).replace("(", "{").replace(")", "}")
    (server.home / "dovecot.conf").write_text(conf)
    (server.home / "mail").mkdir()
    shutil.chown(server.home / "mail", "mail", "mail")
    server.serve("dovecot", "-F", "-c", "dovecot.conf", port=143)
    client.run(*PEER, "imap", server.ip, "clerk", "20", str(share_of(0.04) // 40))


def smb(server: Persona, client: Persona) -> None:
    """Put files onto a share and read them."""
    for name in ("files", "lock", "state", "cache", "pid", "private", "ncalrpc"):
        (server.home / name).mkdir()
    settings = ["lock directory", "state directory", "cache directory", "pid directory",
                "private dir", "ncalrpc dir"]  # fmt: skip
    conf = SMB.replace("[HOME]", str(server.home)).splitlines()
    conf[1:1] = [f"{name} = {server.home / name.split()[0]}" for name in settings]
    (server.home / "smb.conf").write_text("\n".join(conf) + "\n")
    Path("/run/samba").mkdir(exist_ok=True)
    server.serve("smbd", "-F", "--no-process-group", "--debug-stdout", "-s", "smb.conf", port=445)
    sent = files(client, "mine", 14, share_of(0.06))
    commands = "; ".join(
        f"put {path} {path.name}; get {path.name} {client.home}/again" for path in sent
    )
    client.run("smbclient", "-N", f"//{server.ip}/files", "-c", commands, timeout=120)


def ssh(server: Persona, client: Persona) -> None:
    """Copy files by SSH."""
    for key in (server.home / "host", client.home / "id"):
        server.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    shutil.copyfile(client.home / "id.pub", server.home / "authorized")
    Path("/run/sshd").mkdir(exist_ok=True)
    options = ("StrictModes=no", "UsePAM=no", "PermitRootLogin=yes", "PidFile=none",
               f"AuthorizedKeysFile={server.home}/authorized", f"HostKey={server.home}/host",
               "Subsystem=sftp internal-sftp")  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    server.serve("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *words, port=22)
    trust = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-i", "id")
    for path in files(client, "mine", 7, share_of(0.05)):
        client.run("scp", "-F", "none", *trust, str(path), f"root@{server.ip}:{server.home}/copy")


def ftp(server: Persona, client: Persona) -> None:
    """Fetch files by FTP."""
    stored = files(server, ".", 7, share_of(0.04))
    server.serve(sys.executable, "-m", "pyftpdlib", "-p", "21", port=21)
    fetch(client, f"ftp://{server.ip}", [path for path in stored if path.name.startswith("f")])


def dns(server: Persona, client: Persona) -> None:
    """Look names up."""
    records = [f"--host-record=host{n}.hospital.example,10.50.99.{n}" for n in range(1, 200)]
    server.serve("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
                 "--no-resolv", "--no-hosts", "--local=/hospital.example/", *records,
                 port=53, udp=True)  # fmt: skip
    client.run(*PEER, "look-up", str(min(3000, MEGABYTES * 20)))


def postgres(server: Persona, client: Persona) -> None:
    """Fill and read a table."""
    (server.home / "db").mkdir()
    shutil.chown(server.home / "db", "postgres", "postgres")
    server.home.chmod(0o755)
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    become = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    store = str(server.home / "db")
    server.run(*become, str(binaries / "initdb"), "-D", store, "-A", "trust", "--no-sync")
    (server.home / "db" / "pg_hba.conf").write_text("host all all all trust\n")
    server.serve(*become, str(binaries / "postgres"), "-D", store, "-h", "*", "-k", store,
                 port=5432)  # fmt: skip
    rows = share_of(0.04) // 100
    psql = ("psql", "-qAt", "-o", "/dev/null", "-h", server.ip, "-U", "postgres", "-c")
    fill = "select n, md5(n::text), 'MSH|^~' || md5((n + 1)::text) from generate_series(1, %d) n"
    client.run(*psql, f"create table t as {fill % rows}")
    client.run(*psql, "select * from t")


def redis(server: Persona, client: Persona) -> None:
    """Store and read values."""
    server.serve("redis-server", "--port", "6379", "--protected-mode", "no", "--save", "",
                 port=6379)  # fmt: skip
    count = str(max(100, share_of(0.04) // 4000))
    client.run("redis-benchmark", "-q", "-h", server.ip, "-n", count, "-c", "5", "-d", "1000",
               "-t", "set,get,lpush")  # fmt: skip


def noise(server: Persona, client: Persona) -> None:
    """Say what is almost a medical protocol, and random bytes."""
    server.serve(*PEER, "take-noise", port=104)
    much = str(max(1, share_of(0.25) // 1_000_000))
    client.run(*PEER, "make-noise", server.ip, "8", str(SECONDS // 6), much, timeout=SECONDS)


# Each with the programs and packages that it takes.
TOPICS: dict[Callable[[Persona, Persona], None], tuple[str, ...]] = {
    web: ("nginx", "openssl", "curl"),
    mail: ("aiosmtpd",),
    mailbox: ("dovecot",),
    smb: ("smbd", "smbclient"),
    ssh: ("sshd", "scp", "ssh-keygen"),
    ftp: ("pyftpdlib", "curl"),
    dns: ("dnsmasq",),
    postgres: ("initdb", "postgres", "psql"),
    redis: ("redis-server", "redis-benchmark"),
    noise: (),
}


def is_there(name: str) -> bool:
    """Whether a program or a Python package is installed."""
    if name in ("initdb", "postgres"):
        return any(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return bool(shutil.which(name, path=ENVIRONMENT["PATH"]) or importlib.util.find_spec(name))


def main(outdir: Path) -> None:
    """Make a capture of each topic."""
    left_out = {}
    for number, (topic, needed) in enumerate(TOPICS.items(), 1):
        missing = [name for name in needed if not is_there(name)]
        if missing:
            left_out[topic.__name__] = missing
            print(f"LEFT OUT: {topic.__name__}: not installed: {', '.join(missing)}", flush=True)
            continue
        capture = outdir / f"unrelated-{topic.__name__}.pcap"
        nameserver = f"10.50.{number}.1" if topic is dns else None
        with Site(nameserver=nameserver) as site, site.capture(capture, whole=False):
            topic(*plug(site, number, topic.__name__))
    (outdir / "unrelated.json").write_text(json.dumps({"left_out": left_out}) + "\n")


if __name__ == "__main__":
    contained(main, programs=("tc",), seconds=SECONDS)
