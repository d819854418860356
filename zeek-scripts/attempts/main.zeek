##! Watches just the services in which the connector knows a weakness: a notice tells of each new
##! caller. The connector sends them over the WebSocket of the live feed, and marks what is tried.
##!
##! It sees that somebody connects who is not one of the usual callers, and not what he does there.

@load base/frameworks/cluster
@load base/frameworks/notice
@load ../live

module Wardwatch;

export {
	redef enum Notice::Type += {
		## Somebody who is not one of its usual callers connects to a service with a known weakness.
		Attempt,
	};

	## A service of a device, and which weaknesses are reached through it.
	type Weak: record {
		host: addr;
		p: port;
		## The device, by the connector's own id.
		device: string;
		## The weaknesses' numbers, joined by commas.
		ids: string;
		## The usual callers.
		peers: set[subnet];
	};

	## How long a set holds that nobody renews.
	option lifetime = 1day;

	## So many services are watched at most.
	option max_watched = 100000;

	## The same caller of the same service is told of once in so long a time.
	option suppress_for = 1day;

	## What the connector sends to.
	const topic = "wardwatch/told";

	## A part of a set. The last one puts it in the place of the one before.
	##
	## generation: names the set.
	##
	## part: its number, from 1 on.
	##
	## parts: how many there are.
	global told: event(generation: count, part: count, parts: count, weak: vector of
	    Weak);
}

global watched: table[addr, port] of Weak;
global renewed = 0.0;
global coming: vector of Weak;
global coming_generation = 0;
global coming_part = 0;

# On a cluster each node gets the set by its subscription; one that starts later gets it when the
# connector sends it anew.
event zeek_init()
	{
	Cluster::subscribe(topic);
	}

function replace()
	{
	local fresh: table[addr, port] of Weak;

	for ( _, one in coming )
		if ( |fresh| < max_watched )
			fresh[one$host, one$p] = one;

	watched = fresh;
	renewed = time_to_double(current_time());
	coming = vector();
	}

event Wardwatch::told(generation: count, part: count, parts: count, weak: vector of
    Weak)
	{
	if ( part == 1 )
		{
		coming = vector();
		coming_generation = generation;
		coming_part = 0;
		}

	# Parts of a set of which some are missing are not used.
	if ( generation != coming_generation || part != coming_part + 1 )
		return;

	if ( |coming| > max_watched )
		return;

	coming_part = part;
	coming += weak;

	if ( part == parts )
		replace();
	}

function see(c: connection)
	{
	if ( [c$id$resp_h, c$id$resp_p] !in watched )
		return;

	local one = watched[c$id$resp_h, c$id$resp_p];

	if ( time_to_double(current_time()) - renewed > interval_to_double(lifetime)
	    || c$id$orig_h in one$peers )
		return;

	NOTICE(Notice::Info($note=Attempt, $conn=c, $msg=fmt(
	    "%s, no usual caller, connected to %s %s, which has a known weakness",
	    c$id$orig_h, c$id$resp_h, c$id$resp_p), $sub=one$ids,
	    $identifier=cat(c$id$orig_h, one$device, c$id$resp_p, one$ids),
	    $suppress_for=suppress_for));
	}

event new_connection(c: connection)
	{
	if ( |watched| > 0 )
		see(c);
	}
