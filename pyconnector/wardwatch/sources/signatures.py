"""OpenPGP signatures of advisories, checked by GnuPG against keys that the site chose."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

SECONDS = 60


class SignatureError(Exception):
    """A signature is missing, wrong, or not by one of the keys."""


def available() -> bool:
    """Tell whether GnuPG is installed."""
    return shutil.which("gpg") is not None


def verify(body: bytes, signature: bytes, keys: Path) -> None:
    """Raise `SignatureError` unless one of the keys in a file (armored or not) made a signature."""
    with tempfile.TemporaryDirectory() as home:  # no keys but these
        signed, detached = Path(home) / "document", Path(home) / "document.asc"
        signed.write_bytes(body)
        detached.write_bytes(signature)
        imported = _gpg(home, "--import", str(keys.absolute()))
        if imported.returncode:
            raise SignatureError(f"{keys}: holds no OpenPGP keys; see feeds.signing_keys")
        done = _gpg(home, "--status-fd", "1", "--verify", str(detached), str(signed))
    if done.returncode or b"[GNUPG:] VALIDSIG " not in done.stdout:
        raise SignatureError("its signature is not by one of the keys in feeds.signing_keys")


def _gpg(home: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["gpg", "--homedir", home, "--batch", "--no-tty", "--no-autostart", *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SignatureError(f"GnuPG cannot check it: {error}") from None
