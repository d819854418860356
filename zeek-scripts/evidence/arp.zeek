##! Hardware addresses that hosts announce for themselves by ARP.

@load base/utils/site
@load ../frameworks/asset

module Evidence;

# What was looked at already, so that the ARP chatter of a busy link costs next to nothing.
global announced: set[addr, string] &create_expire=Asset::reporting_interval;

function announce(frame_mac: string, host: addr, mac: string)
	{
	if ( [host, mac] in announced || |announced| >= Asset::max_hosts )
		return;

	add announced[host, mac];

	# Another's address is announced by a proxy, and that of a frame's sender alone is its own. A
	# proxy that does not show itself so answers for many addresses, which own_mac() sees.
	if ( frame_mac != mac
	    || ! ( Site::is_local_addr(host) || Site::is_private_addr(host) ) )
		return;

	if ( Asset::own_mac(host, mac) )
		Asset::host_observed(host, "arp.mac", mac);
	}

event arp_request(mac_src: string, mac_dst: string, SPA: addr, SHA: string,
    TPA: addr, THA: string)
	{
	announce(mac_src, SPA, SHA);
	}

event arp_reply(mac_src: string, mac_dst: string, SPA: addr, SHA: string,
    TPA: addr, THA: string)
	{
	announce(mac_src, SPA, SHA);
	}
