##! What hosts make use of: IPv6, DNS, multicast, broadcast, fragments, versions of TLS. DHCP is told
##! with the link-ups.

@load base/protocols/ssl
@load ./services

module Exposure;

## A side of a connection makes use of something.
function use(c: connection, is_orig: bool, what: string, p: port, is_new: bool)
    : Row
	{
	local t = track(c);
	local host = is_orig ? c$id$orig_h : c$id$resp_h;
	local row = row_of(host, host_of(host, T), "uses", "", "", p, what, t$first,
	    t$last);

	if ( is_new || row$n == 0 )
		++row$n;

	add_peer(row, is_orig ? c$id$resp_h : c$id$orig_h);
	touched += row;
	return row;
	}

function use_multicast(c: connection, is_new: bool)
	{
	local p = c$id$resp_p;

	# The ports of ICMP are types of messages.
	if ( get_port_transport_proto(p) == icmp )
		p = no_port;

	use(c, T, c$id$resp_h == 255.255.255.255 ? "broadcast" : "multicast", p,
	    is_new);
	}

function use_tls(c: connection, is_new: bool)
	{
	if ( c$iomt_exposure$resp )
		add_services(c, use(c, F, c$ssl$version, c$id$resp_p, is_new));

	if ( c$iomt_exposure$orig )
		use(c, T, c$ssl$version, no_port, is_new);
	}

# Most connections have nothing of this: each question is asked right here.
hook connection_seen(c: connection, is_new: bool, is_over: bool)
	{
	local t = c$iomt_exposure;

	if ( t$orig )
		{
		if ( c$id$resp_h in to_many )
			use_multicast(c, is_new);
		else if ( "DNS" in c$service )
			use(c, T, "dns", no_port, is_new);

		if ( is_over && is_fragmented(c$orig) )
			use(c, T, "fragments", no_port, is_new);
		}

	if ( t$resp && is_over && is_fragmented(c$resp) )
		use(c, F, "fragments", no_port, is_new);

	if ( is_v6_addr(c$id$orig_h) )
		{
		if ( t$orig )
			use(c, T, "ipv6", no_port, is_new);

		if ( t$resp )
			use(c, F, "ipv6", no_port, is_new);
		}

	if ( c?$ssl && c$ssl?$version )
		use_tls(c, is_new);
	}
