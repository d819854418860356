"""Make dicom-tls.pcap: DICOM over TLS at its registered port, by ALPN elsewhere, and other TLS."""

from __future__ import annotations

from pathlib import Path

from devices import device_file
from dicom_ward import Ward
from personas import Persona, Site, contained

MR = "test_files/MR_small.dcm"


def certify(server: Persona) -> None:
    """Give a host a key and a certificate for its name."""
    server.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
               "-out", "cert.pem", "-days", "3650",
               "-subj", f"/C=XX/O=Wardwatch Test Hospital/CN={server.name}.hospital.example",
               "-addext", f"subjectAltName=DNS:{server.name}.hospital.example")  # fmt: skip


def serve_tls(server: Persona, port: int, *how: str) -> None:
    """Let OpenSSL answer on a port."""
    server.serve("openssl", "s_server", "-accept", str(port), "-cert", "cert.pem", "-key",
                 "key.pem", "-quiet", *how, port=port)  # fmt: skip


def main(outdir: Path) -> None:
    """Store over TLS; begin TLS with ALPN in both releases; speak something else."""
    with Site() as site:
        ward = Ward(site)
        archive, modality, office = (ward.station(n) for n in ("pacs", "modality", "office"))
        certify(archive)
        archive.serve("storescp", "+xa", "--ignore", "+tls", "key.pem", "cert.pem", "-ic", "2762",
                      port=2762)  # fmt: skip
        serve_tls(archive, 11112, "-alpn", "dicom", "-tls1_2")
        serve_tls(archive, 11113, "-alpn", "dicom", "-tls1_3")
        serve_tls(archive, 11114, "-alpn", "h2,http/1.1")
        with site.capture(outdir / "dicom-tls.pcap"):
            image = str(device_file(MR).path)
            modality.run("storescu", "-R", "--anonymous-tls", "-ic", archive.ip, "2762", image)
            name = ("-servername", "pacs.hospital.example")
            for port, protocol in ((11112, "dicom"), (11113, "dicom"), (11114, "h2")):
                office.run("openssl", "s_client", "-connect", f"{archive.ip}:{port}", "-alpn",
                           protocol, *name)  # fmt: skip


if __name__ == "__main__":
    contained(main, programs=("openssl", "storescu", "storescp"), seconds=60)
