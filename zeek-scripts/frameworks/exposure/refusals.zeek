##! Who refuses a connection: the device itself, or the network in its name.
##!
##! A reset carries the device's address whoever made it. It is the device's own where its frame has
##! the hardware address that is proven to be the device's. Else the distance tells, the hops that
##! the time to live has lost: a firewall on the way is nearer or farther than the device. At the
##! device's known distance a reset is taken for its own, at another one it is the network's; where
##! no distance is known yet it cannot be told. A firewall that bridges within the device's own link
##! and forges its hardware address or its distance cannot be told from the device. An ICMP error
##! names its sender: any other than the device is the network.

@load ./gather
@load ./known

module Exposure;

## What is remembered of a connection.
type Track: record {
	## The interval in which it was looked at last.
	period: count &default=0;
	## The kind that it was counted with then; 0 is none.
	kind: count &default=0;
	refused: bool &default=F;
	by: string &default="";
	## Which of its sides are ours and have sent something.
	orig: bool &default=F;
	resp: bool &default=F;
	## When it was seen in that interval.
	first: time &optional;
	last: time &optional;
	## The duration at which it is looked at again.
	again: interval &default=0sec;
	## What was told of its authentication in that interval.
	told: set[string] &optional;
	## Whether the originator has shown an HTTP authorization or a cookie.
	authorized: bool &default=F;
	## How much the originator had sent when it was asked for a password.
	asked: count &optional;
	## What a signature of ours recognised.
	spoken: string &default="";
};

redef record connection += {
	iomt_exposure: Track &optional;
};

function track(c: connection): Track
	{
	if ( ! c?$iomt_exposure )
		c$iomt_exposure = Track();

	return c$iomt_exposure;
	}

# How many hops away a host is, by the packets in which it accepts connections or calls.
global distances: table[addr] of count &write_expire=1hr;

## How many hops a packet has passed, whatever of the usual values its time to live began with.
function hops(header: raw_pkt_hdr): count
	{
	local ttl = header?$ip ? header$ip$ttl : ( header?$ip6 ? header$ip6$hlim : 0 );

	for ( _, initial in vector(32, 64, 128) )
		if ( ttl <= initial )
			return initial - ttl;

	return 255 - ttl;
	}

## Remembers the distance of the host that sent the packet of now.
function see_distance(host: addr)
	{
	if ( host in distances || |distances| >= max_hosts || ! is_ours(host) )
		return;

	distances[host] = hops(get_current_packet_header());
	}

event connection_established(c: connection)
	{
	see_distance(c$id$resp_h);
	}

## Whose the packet of now is that refuses in a host's name.
function refuser(host: addr): string
	{
	local header = get_current_packet_header();
	local mac = Asset::host_mac(host);

	if ( mac != "" && header?$l2 && header$l2?$src && header$l2$src == mac )
		return "device";

	if ( host !in distances )
		return "";

	return hops(header) == distances[host] ? "device" : "network";
	}

function refuse(c: connection, by: string)
	{
	local t = track(c);
	t$refused = T;
	t$by = by;
	}

event connection_rejected(c: connection)
	{
	if ( is_ours(c$id$resp_h) )
		refuse(c, refuser(c$id$resp_h));
	}

event icmp_unreachable(c: connection, info: icmp_info, code: count,
    context: icmp_context)
	{
	local host = context$id$resp_h;

	if ( context$bad_hdr_len || ! is_ours(host) )
		return;

	# Zeek gives the context the protocol of the error that it stands in.
	local id = copy(context$id);
	id$proto = get_port_transport_proto(id$resp_p) == tcp ? 6 : 17;

	if ( ! connection_exists(id) )
		return;

	local refused = lookup_connection(id);

	# An error about an answer refuses nothing, nor does one that comes after an answer.
	if ( refused$id$resp_h != host
	    || refused$id$resp_p != id$resp_p
	    || refused$resp$size > 0
	    || "h" in refused$history )
		return;

	refuse(refused, c$id$orig_h == host ? refuser(host) : "network");
	}
