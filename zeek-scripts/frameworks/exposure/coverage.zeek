##! How well the sensor sees: a heartbeat in every interval, and the hosts whose link came up.

@load base/protocols/dhcp
@load ./main

module Exposure;

# Packets of one link-up come in a row.
const same_link_up = 10sec;

const DHCP_ACKNOWLEDGES = 5;

# What the counters stood at when the interval began.
global gaps_before: GapStats;
global packets_before: NetStats;
global read_statistics = F;

# What was seen in the interval.
global flows_seen = 0;
global first_packet: time;
global last_packet: time;

function see_flow(first: time, last: time)
	{
	if ( flows_seen == 0 || first < first_packet )
		first_packet = first;

	if ( flows_seen == 0 || last > last_packet )
		last_packet = last;

	++flows_seen;
	}

## A row about the sensor itself.
function tell_sensor(value: string, n: count, missed: count, first: time,
    last: time)
	{
	local row = row_of(sensor, host_of(sensor, T), "coverage", "", "", no_port,
	    value, first, last);
	row$n += n;
	row$missed += missed;
	}

## The difference of a counter, which an interface that comes back starts anew.
function since(now: count, before: count): count
	{
	return now >= before ? now - before : now;
	}

hook interval_ends()
	{
	local now = network_time();
	local gaps = get_gap_stats();
	local packets = get_net_stats();

	if ( ! read_statistics )
		{
		gaps_before = GapStats($ack_events=0, $ack_bytes=0, $gap_events=0,
		    $gap_bytes=0);
		packets_before = NetStats();
		read_statistics = T;
		}

	# This one is there even when nothing happened.
	tell_sensor("sensor", flows_seen, since(gaps$gap_bytes, gaps_before$gap_bytes),
	    interval_start, now);

	if ( Cluster::is_enabled() )
		tell_sensor(fmt("node %s", Cluster::node), flows_seen, 0, interval_start,
		    now);

	tell_sensor("acks", since(gaps$ack_events, gaps_before$ack_events), 0,
	    interval_start, now);
	tell_sensor("gaps", since(gaps$gap_events, gaps_before$gap_events), 0,
	    interval_start, now);
	tell_sensor("dropped", since(packets$pkts_dropped,
	    packets_before$pkts_dropped), 0, interval_start, now);

	if ( flows_seen > 0 )
		tell_sensor("packets", since(packets$pkts_recvd, packets_before$pkts_recvd), 0,
		    first_packet, last_packet);

	gaps_before = gaps;
	packets_before = packets;
	flows_seen = 0;
	}

## The row of the connections in which a host has sent something.
function flows_of(seen: Host, first: time, last: time): Row
	{
	if ( seen?$flows )
		extend(seen$flows, first, last);
	else
		seen$flows = Row($first=first, $last=last);

	return seen$flows;
	}

event content_gap(c: connection, is_orig: bool, seq: count, length: count)
	{
	for ( _, host in vector(c$id$orig_h, c$id$resp_h) )
		if ( is_ours(host) )
			{
			local row = flows_of(host_of(host, T), network_time(), network_time());
			row$missed += length;
			}
	}

## A host's link came up, or it was switched on.
function link_up(host: addr, how: string)
	{
	if ( ! is_ours(host) )
		return;

	local now = network_time();
	local row = row_of(host, host_of(host, T), "coverage", "", "", no_port, how,
	    now, now);

	if ( row$n == 0 || now - row$last > same_link_up )
		++row$n;
	}

event arp_request(mac_src: string, mac_dst: string, SPA: addr, SHA: string,
    TPA: addr, THA: string)
	{
	if ( SPA == TPA )
		link_up(SPA, "link_up_arp");
	}

event arp_reply(mac_src: string, mac_dst: string, SPA: addr, SHA: string,
    TPA: addr, THA: string)
	{
	if ( SPA == TPA )
		link_up(SPA, "link_up_arp");
	}

# Duplicate address detection asks without having an address (RFC 4862).
event icmp_neighbor_solicitation(c: connection, info: icmp_info, tgt: addr,
    options: icmp6_nd_options)
	{
	if ( c$id$orig_h == [::] )
		link_up(tgt, "link_up_dad");
	}

event icmp_router_solicitation(c: connection, info: icmp_info,
    options: icmp6_nd_options)
	{
	link_up(c$id$orig_h, "link_up_router_solicitation");
	}

# A renewal names the address that the client holds; who names none has just come up (RFC 2131).
event dhcp_message(c: connection, is_orig: bool, msg: DHCP::Msg,
    options: DHCP::Options)
	{
	if ( msg$m_type != DHCP_ACKNOWLEDGES || msg$yiaddr == 0.0.0.0 )
		return;

	if ( is_ours(msg$yiaddr) )
		count_event(msg$yiaddr, "uses", "", no_port, "dhcp");

	if ( msg$ciaddr == 0.0.0.0 )
		link_up(msg$yiaddr, "link_up_dhcp");
	}

# coldStart and warmStart (RFC 1157): the agent, and mostly the device, was switched on. A trap that
# names another agent was passed on.
event snmp_trap(c: connection, is_orig: bool, header: SNMP::Header,
    pdu: SNMP::TrapPDU)
	{
	if ( pdu$generic_trap <= 1
	    && ( pdu$agent == c$id$orig_h || pdu$agent == 0.0.0.0 ) )
		link_up(c$id$orig_h, "boot");
	}

## The same in later versions, which state it as the value of snmpTrapOID.0 (RFC 3416, 4.2.6).
function look_for_boot(c: connection, is_orig: bool, pdu: SNMP::PDU)
	{
	for ( _, binding in pdu$bindings )
		if ( is_orig
		    && binding$oid == "1.3.6.1.6.3.1.1.4.1.0"
		    && binding$value?$oid
		    && /1\.3\.6\.1\.6\.3\.1\.1\.5\.[12]/ == binding$value$oid )
			link_up(c$id$orig_h, "boot");
	}

event snmp_trapV2(c: connection, is_orig: bool, header: SNMP::Header,
    pdu: SNMP::PDU)
	{
	look_for_boot(c, is_orig, pdu);
	}

# A notification that is to be confirmed.
event snmp_inform_request(c: connection, is_orig: bool, header: SNMP::Header,
    pdu: SNMP::PDU)
	{
	look_for_boot(c, is_orig, pdu);
	}
