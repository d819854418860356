##! What all evidence has in common: it is of local hosts, and what was heard before costs one
##! lookup.

@load base/utils/site
@load ../frameworks/asset

module Evidence;

export {
	## The most values that are remembered as heard.
	option max_heard = 50000;

	## Whether claims of a host are wanted: it is of the site.
	global is_local: function(host: addr): bool;

	## A side of a connection says something of itself.
	global tell: function(c: connection, is_orig: bool, field: string,
	    value: string);

	## The bytes of a hardware address as Zeek's own events write it.
	global mac_text: function(bytes: string): string;
}

# Longer values differ in their first bytes, or are told again in vain.
const max_kept = 256;

global heard: set[addr, string, string]
    &create_expire=Asset::reporting_interval;

function is_local(host: addr): bool
	{
	return Site::is_local_addr(host) || Site::is_private_addr(host);
	}

function tell(c: connection, is_orig: bool, field: string, value: string)
	{
	local host = is_orig ? c$id$orig_h : c$id$resp_h;
	local start = |value| > max_kept ? value[:max_kept] : value;

	if ( [host, field, start] in heard || ! is_local(host) )
		return;

	# Without room for more the asset framework alone keeps claims from being repeated.
	if ( |heard| < max_heard )
		add heard[host, field, start];

	Asset::observed(c, is_orig, field, start);
	}

function mac_text(bytes: string): string
	{
	local parts: vector of string = vector();

	for ( byte in bytes )
		parts += string_to_ascii_hex(byte);

	return join_string_vec(parts, ":");
	}
