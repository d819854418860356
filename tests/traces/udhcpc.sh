#!/bin/sh
# What a DHCP client does with its lease inside a persona: take the address and note it down.
# udhcpc runs it with the action in $1 and the lease in the environment ($mask: prefix length).
set -e
case "$1" in
bound | renew)
	ip address replace "$ip/$mask" dev "$interface"
	echo "$ip/$mask" >lease
	;;
esac
