#!/bin/sh
# Takes a snapshot of the feeds in addresses.txt into snapshot/, on a machine with internet.
# It replaces the last one only if all was fetched and `wardwatch feeds import` takes all of it.
set -eu
umask 022

HERE=$(cd "$(dirname "$0")" && pwd)
WARDWATCH=${WARDWATCH:-wardwatch}
stop() { printf 'snapshot.sh: %s\n' "$*" >&2; exit 1; }

command -v curl >/dev/null || stop "curl is missing"
command -v "$WARDWATCH" >/dev/null ||
	stop "$WARDWATCH is not on PATH; install it here, too, then: WARDWATCH=/opt/wardwatch/bin/wardwatch sh snapshot.sh"
new=$(mktemp -d "$HERE/.snapshot.XXXXXX")
trap 'rm -rf "$new"' EXIT

mkdir "$new/snapshot"
while read -r name address rest; do
	case $name in "" | "#"*) continue ;; esac
	case $name in *[!A-Za-z0-9._-]* | .*) stop "addresses.txt: $name: is no name of a file" ;; esac
	[ -n "$address" ] && [ -z "$rest" ] || stop "addresses.txt: $name: give one address"
	printf 'fetching %s\n' "$address"
	curl --fail --silent --show-error --location --retry 2 --output "$new/snapshot/$name" "$address" ||
		stop "$address: could not be fetched; the last snapshot stays"
done <"$HERE/addresses.txt"
"$WARDWATCH" feeds import --db "$new/trial.db" "$new/snapshot" ||
	stop "what was fetched is not all good, see above; the last snapshot stays"
"$WARDWATCH" feeds status --db "$new/trial.db"

rm -rf "$HERE/snapshot"
mv "$new/snapshot" "$HERE/snapshot"
printf 'Carry %s to the site, into feeds/ of the unpacked archive.\n' "$HERE/snapshot"
