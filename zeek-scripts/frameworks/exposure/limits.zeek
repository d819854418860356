##! How much is gathered in an interval: no host, scan or forger of addresses can fill memory or disk.

@load base/frameworks/notice
@load base/frameworks/telemetry
@load ./types

module Exposure;

export {
	redef enum Notice::Type += {
		## Rows were joined into one, or hosts left out, because a limit was reached.
		Rows_Dropped,
	};

	## The most hosts of which rows are gathered in an interval.
	option max_hosts = 20000;

	## The most of them that have sent nothing themselves: a sweep over empty address space makes
	## such hosts.
	option max_silent_hosts = 2000;

	## The most services that a host accepts in its rows, and the most of its other rows; whatever
	## goes beyond is counted in rows with the value ``other``.
	option max_rows = 300;

	## The most addresses that are told apart in one row. ``clients`` counts no further.
	option max_peers = 1000;

	## The most prefixes in one row; 0.0.0.0/0 or ::/0 stands for any further ones.
	option max_prefixes = 100;

	## How much was left out or joined since the start, by the limit that was reached
	## (``max_hosts``, ``max_silent_hosts``, ``max_rows``).
	global dropped: table[string] of count &default=0;
}

## Up to so many addresses are told, and more of them by their prefixes.
const max_addresses = 16;

global dropped_family = Telemetry::register_counter_family(
    Telemetry::MetricOpts($prefix="iomt", $name="exposure_rows_dropped",
    $unit="", $label_names=vector("limit"),
    $help_text="Exposure rows joined or left out because a limit was reached"));

# How often a limit was reached.
global limits_met = 0;

global noticed: set[string, addr] &create_expire=1day;

function drop_row(limit: string, host: addr, msg: string)
	{
	++dropped[limit];
	++limits_met;
	Telemetry::counter_family_inc(dropped_family, vector(limit));

	if ( [limit, host] in noticed || |noticed| >= max_hosts )
		return;

	add noticed[limit, host];
	NOTICE(Notice::Info($note=Rows_Dropped, $msg=msg, $sub=limit, $src=host,
	    $identifier=cat(limit, host), $suppress_for=1day));
	}

function prefix_of(host: addr): subnet
	{
	return is_v4_addr(host) ? host / 24 : host / 64;
	}

function add_prefix(prefixes: set[subnet], prefix: subnet)
	{
	# Looking a prefix up in a set of prefixes finds wider ones, too.
	if ( prefix in prefixes )
		return;

	if ( |prefixes| < max_prefixes )
		add prefixes[prefix];
	else
		add prefixes[subnet_to_addr(prefix) / 0];
	}

## Adds an address of the other side.
function add_peer(row: Row, peer: addr)
	{
	if ( peer in row$addrs )
		return;

	if ( |row$addrs| < max_peers )
		add row$addrs[peer];
	else
		add_prefix(row$prefixes, prefix_of(peer));
	}

## The other side's addresses as they are written.
function peers_of(row: Row): vector of string
	{
	local found: vector of string;

	if ( |row$addrs| <= max_addresses && |row$prefixes| == 0 )
		{
		for ( peer in row$addrs )
			found += cat(peer);
		}
	else
		{
		local prefixes = copy(row$prefixes);

		for ( peer in row$addrs )
			add_prefix(prefixes, prefix_of(peer));

		for ( prefix in prefixes )
			found += cat(prefix);
		}

	return sort(found, strcmp);
	}
