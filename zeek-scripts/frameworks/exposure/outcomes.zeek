##! What became of a connection, and what its sides are to each other by that.

@load ../asset
@load ./refusals

module Exposure;

# Destinations that are no single host.
const to_many: set[subnet] = {
	224.0.0.0/4,
	255.255.255.255/32,
	[ff00::]/8,
};

function has_sent(side: endpoint): bool
	{
	return side$size > 0 || ( side?$num_pkts && side$num_pkts > 0 );
	}

# A frame of Ethernet carries no longer packet.
const longest_packet = 1500;

## Whether a side's packets are on average longer than a frame: only packets that came in fragments
## are, and jumbo frames where there are such. Zeek counts a packet once its fragments are joined, and
## no event tells of these. A few fragments among many small packets are not noticed.
function is_fragmented(side: endpoint): bool
	{
	return side?$num_pkts
	    && side?$num_bytes_ip
	    && side$num_bytes_ip > longest_packet * side$num_pkts;
	}

## What became of a TCP connection: a state of a service, or the empty string if its start was not
## seen, or if only one side is captured and the answer may have been missed.
function tcp_state(c: connection): string
	{
	local history = c$history;

	if ( "h" in history )
		return "accepted";

	if ( "S" !in history || /[ADF]/ in history )
		return "";

	if ( track(c)$refused )
		return "refused";

	# A reset that was captured without its being a refusal answers nothing.
	return /[a-z]/ in history ? "" : "unanswered";
	}

## What became of a UDP flow. It has no start: a capture that begins amid one may show the answer
## first, which comes from a server's port to one of those that clients use.
function udp_state(c: connection): string
	{
	if ( port_to_count(c$id$resp_p) >= 32768
	    && port_to_count(c$id$orig_p) < 32768 )
		return "";

	if ( has_sent(c$resp) )
		return "accepted";

	return track(c)$refused ? "refused" : "unanswered";
	}

## A state of a service; while a connection lasts only that it was accepted.
function state_of(c: connection, is_over: bool): string
	{
	local proto = get_port_transport_proto(c$id$resp_p);
	local state = "";

	if ( proto == tcp )
		state = tcp_state(c);
	else if ( proto == udp )
		state = udp_state(c);

	return is_over || state == "accepted" ? state : "";
	}

## What the responder is to the originator. A call that nobody answered makes no peers, nor do
## errors and echoes; whose start was not seen may have been called by either.
function relation_of(c: connection): string
	{
	switch ( get_port_transport_proto(c$id$resp_p) )
		{
		case udp:
			return "to";
		case tcp:
			if ( "S" in c$history || "h" in c$history )
				return /[hAD]/ in c$history ? "to" : "";

			return /[adAD]/ in c$history ? "with" : "";
		}

	return "";
	}
