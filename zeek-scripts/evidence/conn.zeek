##! Hardware addresses and VLANs of the hosts that are seen in connections.

@load base/utils/site
@load ../frameworks/asset

module Evidence;

# Whose frames were looked at already: a host's further connections cost one lookup.
global framed: set[addr, string, bool] &create_expire=Asset::reporting_interval;

# Between whom frames were looked at lately: that all is told costs most connections one lookup.
global paired: set[addr, addr, string, string] &create_expire=5min;

const link_local: set[subnet] = {
	169.254.0.0/16,
	[fe80::]/10,
};

# No router forwards packets to these.
const stays_on_link: set[subnet] = {
	224.0.0.0/24,
	255.255.255.255/32,
	[ff01::]/16,
	[ff02::]/16,
};

## Looks at the hardware address that carried one side's packets.
function look_at_frames(c: connection, is_orig: bool, mac: string)
	{
	local host = is_orig ? c$id$orig_h : c$id$resp_h;
	local on_link = host in link_local
	    || ( is_orig && c$id$resp_h in stays_on_link );

	if ( [host, mac, on_link] in framed || |framed| >= Asset::max_hosts )
		return;

	if ( ! ( Site::is_local_addr(host) || Site::is_private_addr(host) ) )
		return;

	add framed[host, mac, on_link];

	if ( ! Asset::is_host_mac(mac) )
		return;

	if ( on_link && Asset::own_mac(host, mac) )
		Asset::observed(c, is_orig, "conn.mac", mac);
	else
		Asset::observed(c, is_orig, "conn.frame_mac", mac);

	if ( c?$vlan )
		Asset::observed(c, is_orig, "conn.vlan", cat(c$vlan));
	}

function look_at_both(c: connection)
	{
	local from = c$orig?$l2_addr ? c$orig$l2_addr : "";
	# The address that packets were sent to is the responder's only if it answered.
	local to = c$resp?$l2_addr && c$resp?$num_pkts && c$resp$num_pkts > 0 ?
	    c$resp$l2_addr : "";

	if ( [c$id$orig_h, c$id$resp_h, from, to] in paired )
		return;

	if ( |paired| < Asset::max_hosts )
		add paired[c$id$orig_h, c$id$resp_h, from, to];

	if ( from != "" )
		look_at_frames(c, T, from);

	if ( to != "" )
		look_at_frames(c, F, to);
	}

# Sessions of medical devices last for weeks: their ends are not waited for.
event connection_established(c: connection)
	{
	look_at_both(c);
	}

event connection_state_remove(c: connection)
	{
	look_at_both(c);
	}
