#!/bin/sh
# Install Suricata 7 or newer from Debian, where there is root. Debian 12 has it only in its backports; their entry is
# made from the one that is there, for this installation alone: the machine's own list of sources stays as it is.
set -eu
command -v suricata >/dev/null && exit 0
apt-get -qq update
case "$(apt-cache policy suricata | sed -n 's/ *Candidate: *\(1:\)\{0,1\}//p')" in
[789].* | [1-9][0-9].*) exec apt-get -qq install --no-install-recommends -y suricata ;;
esac
suite="$(. /etc/os-release && echo "$VERSION_CODENAME")"
sources="$(mktemp -d)"
trap 'rm -rf "$sources"' EXIT
mkdir "$sources/parts"
cp -r /etc/apt/sources.list.d/. "$sources/parts/" 2>/dev/null || true
cp /etc/apt/sources.list "$sources/list" 2>/dev/null || : >"$sources/list"
sed -n "s/^\(deb .*\) $suite main.*/\1 $suite-backports main/p" "$sources/list" >"$sources/parts/backports.list"
if [ -f "$sources/parts/debian.sources" ]; then
	awk -v RS= -v suite="$suite" '$0 ~ "Suites: *" suite { sub(/Suites:[^\n]*/, "Suites: " suite "-backports"); print; exit }' \
		"$sources/parts/debian.sources" | sed '/^#/d' >"$sources/parts/backports.sources"
fi
set -- -o "Dir::Etc::sourcelist=$sources/list" -o "Dir::Etc::sourceparts=$sources/parts" -qq
apt-get "$@" update
apt-get "$@" install --no-install-recommends -y -t "$suite-backports" suricata
