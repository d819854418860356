##! What DHCP clients say of themselves, told for the address that they hold or are given.

@load base/protocols/dhcp
@load ../frameworks/asset
@load ./dhcp_vendor

module Evidence;

# DHCP::message_types has their names.
const DHCP_REQUEST = 3;
const DHCP_ACK = 5;
const DHCP_INFORM = 8;

## What a client asked with.
type Request: record {
	chaddr: string;
	options: DHCP::Options;
};

## What a server granted, for a request that comes to the manager later, from another worker.
type Grant: record {
	chaddr: string;
	host: addr;
};

global requested: table[count] of Request &create_expire=1min;
global granted: table[count] of Grant &create_expire=1min;

function numbers(values: index_vec): string
	{
	local words: vector of string;

	for ( _, n in values )
		words += cat(n);

	return join_string_vec(words, ",");
	}

function tell_options(host: addr, options: DHCP::Options, uid: string)
	{
	if ( options?$host_name )
		Asset::host_observed(host, "dhcp.host_name", options$host_name, uid);

	if ( options?$client_fqdn )
		Asset::host_observed(host, "dhcp.client_fqdn",
		    options$client_fqdn$domain_name, uid);

	if ( options?$vendor_class )
		Asset::host_observed(host, "dhcp.vendor_class", options$vendor_class, uid);

	if ( options?$param_list )
		Asset::host_observed(host, "dhcp.parameter_list", numbers(options$param_list),
		    uid);
	}

## Whose transaction it is, if it was granted before the request came; 0.0.0.0 if not.
function granted_before(xid: count, chaddr: string): addr
	{
	if ( xid in granted && granted[xid]$chaddr == chaddr )
		return granted[xid]$host;

	return 0.0.0.0;
	}

## A client asks for an address, or for options to the one that it holds.
function on_request(msg: DHCP::Msg, options: DHCP::Options, uid: string)
	{
	if ( msg$ciaddr != 0.0.0.0 )
		tell_options(msg$ciaddr, options, uid);

	local host = granted_before(msg$xid, msg$chaddr);

	if ( host != 0.0.0.0 )
		tell_options(host, options, uid);
	else if ( msg$xid in requested || |requested| < max_dhcp_requests )
		requested[msg$xid] = Request($chaddr=msg$chaddr, $options=options);
	}

## A server grants it.
function on_ack(msg: DHCP::Msg, uid: string)
	{
	local host = msg$yiaddr != 0.0.0.0 ? msg$yiaddr : msg$ciaddr;

	if ( host == 0.0.0.0 )
		return;

	# The answer to an INFORM gives no address.
	if ( msg$yiaddr != 0.0.0.0 && Asset::is_host_mac(msg$chaddr) )
		{
		Asset::own_mac(host, msg$chaddr);
		Asset::host_observed(host, "dhcp.mac", msg$chaddr, uid);
		}

	if ( msg$xid in requested && requested[msg$xid]$chaddr == msg$chaddr )
		tell_options(host, requested[msg$xid]$options, uid);

	for ( field, values in dhcp_vendor_options_of(msg$xid, msg$chaddr) )
		for ( value in values )
			Asset::host_observed(host, field, value, uid);

	delete requested[msg$xid];

	if ( Cluster::is_enabled() && |granted| < max_dhcp_requests )
		granted[msg$xid] = Grant($chaddr=msg$chaddr, $host=host);
	}

event Evidence::dhcp_vendor_options(xid: count, chaddr: string, ciaddr: addr,
    told: VendorOptions) &priority=-5
	{
	local host = granted_before(xid, chaddr);

	if ( host == 0.0.0.0 )
		return;

	for ( field, values in told )
		for ( value in values )
			Asset::host_observed(host, field, value);
	}

# In a cluster the manager sees both halves of a transaction here, wherever they were captured.
event DHCP::aggregate_msgs(ts: time, id: conn_id, uid: string, is_orig: bool,
    msg: DHCP::Msg, options: DHCP::Options)
	{
	switch ( msg$m_type )
		{
		case DHCP_REQUEST, DHCP_INFORM:
			on_request(msg, options, uid);
			break;
		case DHCP_ACK:
			on_ack(msg, uid);
			break;
		}
	}
