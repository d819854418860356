##! Which hardware address is a host's own. The source address of a frame may be a router's, so
##! only evidence from the link itself counts: ARP, DHCP, link-local and broadcast traffic.

@load base/frameworks/cluster

module Asset;

export {
	## How long proof of a host's hardware address is kept without being renewed.
	option mac_expire = 1day;

	## A hardware address that answers for more addresses than this is a router or proxy and
	## is no host's own.
	option max_addresses_per_mac = 8;

	## An address that changed its hardware address more often than this while proof is kept is
	## contested, and has none.
	option max_macs_per_address = 4;

	## Records proof from the link that *mac* is the host's own.
	##
	## Returns: whether it counts as such.
	global own_mac: function(host: addr, mac: string): bool;

	## Whether a hardware address can belong to a single host: neither all zero nor multicast.
	global is_host_mac: function(mac: string): bool;

	## Whether an address can be a host's: not unspecified, broadcast or multicast.
	global is_host: function(host: addr): bool;

	## Raised on the manager with the proof that another node has seen.
	global mac_proven: event(host: addr, mac: string);
}

type Owner: record {
	mac: string;
	changes: count &default=0;
};

const no_hosts: set[subnet] = {
	0.0.0.0/8,
	224.0.0.0/4,
	255.255.255.255/32,
	[::]/128,
	[ff00::]/8,
};

global owners: table[addr] of Owner &create_expire=mac_expire;
global addresses: table[string] of set[addr] &create_expire=mac_expire;

function is_host(host: addr): bool
	{
	return host !in no_hosts;
	}

function is_host_mac(mac: string): bool
	{
	return mac != "00:00:00:00:00:00"
	    && /[0-9a-f][02468ace](:[0-9a-f][0-9a-f]){5}/ == mac;
	}

## The hardware address that is proven to be a host's own, or the empty string.
function proven_mac(host: addr): string
	{
	if ( host !in owners )
		return "";

	local owner = owners[host];

	if ( owner$changes >= max_macs_per_address )
		return "";

	if ( owner$mac in addresses
	    && |addresses[owner$mac]| > max_addresses_per_mac )
		return "";

	return owner$mac;
	}

function own_mac(host: addr, mac: string): bool
	{
	if ( host in owners && owners[host]$mac == mac )
		return proven_mac(host) == mac;

	if ( ! is_host(host) || ! is_host_mac(mac) )
		return F;

	if ( mac !in addresses )
		{
		if ( |addresses| >= max_hosts )
			return F;

		addresses[mac] = set();
		}

	# One more than the limit tells that it was passed; further ones tell nothing.
	if ( |addresses[mac]| <= max_addresses_per_mac )
		add addresses[mac][host];

	if ( host in owners )
		{
		owners[host]$mac = mac;
		++owners[host]$changes;
		}
	else if ( |owners| < max_hosts )
		owners[host] = Owner($mac=mac);

	if ( Cluster::is_enabled() && Cluster::local_node_type() != Cluster::MANAGER )
		Cluster::publish(Cluster::manager_topic, Asset::mac_proven, host, mac);

	return proven_mac(host) == mac;
	}

event Asset::mac_proven(host: addr, mac: string)
	{
	own_mac(host, mac);
	}
