#!/bin/sh
# Installs Wardwatch from this directory, without a network. Nothing is changed outside of the prefix.
set -eu
umask 022

PREFIX=/opt/wardwatch
PYTHON=
DATABASE=

say() { printf '%s\n' "$*"; }
stop() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
usage() {
	say "usage: sh install.sh [--prefix DIR] [--python PROGRAM] [--db FILE]"
	say "  --prefix DIR      where to (default /opt/wardwatch, which needs root; any directory for a trial)"
	say "  --python PROGRAM  a Python 3.11 or 3.12 (default: python3.12, python3.11 or python3)"
	say "  --db FILE         also import the feeds of feeds/snapshot into this database"
}

while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--prefix | --python | --db)
		[ $# -ge 2 ] || { usage >&2; exit 2; }
		case $1 in --prefix) PREFIX=$2 ;; --python) PYTHON=$2 ;; --db) DATABASE=$2 ;; esac
		shift 2 ;;
	*) usage >&2; exit 2 ;;
	esac
done
case $PREFIX in /*) ;; *) PREFIX=$PWD/$PREFIX ;; esac
case $DATABASE in "" | /*) ;; *) DATABASE=$PWD/$DATABASE ;; esac
HERE=$(cd "$(dirname "$0")" && pwd)

# Whether it came whole.
command -v sha256sum >/dev/null || stop "sha256sum is missing; it is in the package coreutils"
[ -f "$HERE/SHA256SUMS" ] || stop "$HERE has no SHA256SUMS; unpack the archive anew, and run the install.sh in it"
damaged=$(cd "$HERE" && LC_ALL=C sha256sum --check --quiet SHA256SUMS 2>&1) ||
	stop "the archive is damaged; copy and unpack it anew, nothing was installed:
$damaged"
for one in "$HERE"/wheels/*; do
	one=wheels/$(basename "$one")
	cut -c 67- "$HERE/SHA256SUMS" | grep -Fxq "$one" ||
		stop "$one is not of this archive; unpack it anew, into an empty directory"
done

# Whether it is for this machine.
[ "$(uname -s)" = Linux ] && [ "$(uname -m)" = x86_64 ] ||
	stop "these wheels are for Linux on x86-64, this is $(uname -s) on $(uname -m); install with pip from a checkout"
fits() {
	"$1" -c 'import sys, os, venv, ensurepip
sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)) or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""))' \
		>/dev/null 2>&1
}
if [ -n "$PYTHON" ]; then
	fits "$PYTHON" || stop "$PYTHON: is no Python 3.11 or 3.12 with venv and glibc ($("$PYTHON" --version 2>&1 || true))"
else
	for one in python3.12 python3.11 python3; do
		if fits "$one"; then PYTHON=$one; break; fi
	done
	[ -n "$PYTHON" ] || stop "no Python 3.11 or 3.12 with venv was found; python3 is $(python3 --version 2>&1 || true).
On Oracle Linux 9 and its relatives: dnf install python3.11; on Debian 12: apt install python3-venv.
One that lies elsewhere: sh install.sh --python /path/to/python3.12"
fi

# Where to.
if [ -e "$PREFIX" ] && [ ! -f "$PREFIX/pyvenv.cfg" ] && [ -n "$(ls -A "$PREFIX" 2>/dev/null || echo unreadable)" ]; then
	stop "$PREFIX: is there already and is no earlier install; choose another --prefix"
fi
mkdir -p "$PREFIX" 2>/dev/null && [ -w "$PREFIX" ] ||
	stop "$PREFIX: cannot be written; run this as root, or try it with --prefix \$HOME/wardwatch"
if [ -x "$PREFIX/bin/python" ] && ! fits "$PREFIX/bin/python"; then
	stop "$PREFIX: was made with a Python that is no longer there; delete this directory (it holds no data), then again"
fi

earlier=$([ -x "$PREFIX/bin/wardwatch" ] && echo yes || true)
[ -x "$PREFIX/bin/pip" ] || "$PYTHON" -m venv "$PREFIX" || stop "$PYTHON -m venv $PREFIX: failed"
own=$(cd "$HERE/wheels" && ls wardwatch-*.whl)
"$PREFIX/bin/python" -m pip install --isolated --quiet --disable-pip-version-check --no-index --no-cache-dir \
	--find-links "$HERE/wheels" --upgrade --force-reinstall "$HERE/wheels/$own" ||
	stop "pip could not install from $HERE/wheels; what it said stands above"
say "$("$PREFIX/bin/wardwatch" --version) is installed in $PREFIX."

if [ -n "$DATABASE" ]; then
	[ -d "$HERE/feeds/snapshot" ] || stop "$HERE/feeds/snapshot is not there; feeds/README.md says how it is taken"
	"$PREFIX/bin/wardwatch" feeds import --db "$DATABASE" "$HERE/feeds/snapshot"
fi

say "Next:"
[ -z "$earlier" ] || say "  systemctl restart 'wardwatch@*'   # what runs is the earlier release until then; then securityonion verify"
say "  $PREFIX/bin/wardwatch doctor                 # what is here, and what is missing"
say "  $PREFIX/bin/wardwatch securityonion plan     # on Security Onion's manager, as root: what an install would do"
if [ -d "$HERE/feeds/snapshot" ] && [ -z "$DATABASE" ]; then
	say "  $PREFIX/bin/wardwatch feeds import $HERE/feeds/snapshot   # with --db or --config of your site"
fi
