##! DHCP options that Zeek does not hand out as they are on the wire: client identifier (61), user
##! class (77), and the options of enterprises (43, 124, 125).

@load base/frameworks/cluster
@load ./dhcp_enterprise
@load ./local

module Evidence;

# What clients send; udp_contents has no part in how Zeek's own analyzer sees it.
redef udp_content_ports += {67/udp};

export {
	## The most DHCP transactions of which the request is kept until its answer.
	option max_dhcp_requests = 1000;

	## Raised on the manager with what a client asked with; the answer may be seen elsewhere.
	global dhcp_vendor_options: event(xid: count, chaddr: string, ciaddr: addr,
	    told: VendorOptions);

	## The options that a client sent in a transaction that is not answered yet.
	global dhcp_vendor_options_of: function(xid: count, chaddr: string)
	    : VendorOptions;
}

type Announced: record {
	chaddr: string;
	told: VendorOptions;
};

# The fixed part of a message, RFC 2131, with the cookie behind it.
const dhcp_options_at = 240;
const dhcp_cookie = "\x63\x82\x53\x63";
const max_dhcp_options = 64;

# Those that are read, and the vendor class, which says what 43 holds.
const wanted_options: set[count] = {
	43,
	60,
	61,
	77,
	124,
	125
};

global announced_options: table[count] of Announced &create_expire=1min;

## RFC 2132, 9.14. An identifier that is the hardware address says nothing new.
function on_client_id(told: VendorOptions, data: string, chaddr: string)
	{
	if ( |data| < 2 || ( data[0] == "\x01" && data[1:] == chaddr ) )
		return;

	if ( data[0] == "\x00" )
		add_option(told, "dhcp.client_id", data[1:]);
	else
		add_option(told, "dhcp.client_id", string_to_ascii_hex(data));
	}

## RFC 3004: items with their lengths, or, as Windows sends it, plain text.
function on_user_class(told: VendorOptions, data: string)
	{
	local items: vector of string = vector();
	local at = 0;

	while ( at < |data| )
		{
		local len = bytestring_to_count(data[at]);

		if ( len == 0 || at + 1 + len > |data| )
			{
			items = vector(data);
			break;
			}

		items += data[at + 1 : at + 1 + len];
		at += 1 + len;
		}

	for ( _, item in items )
		add_option(told, "dhcp.user_class", item);
	}

## The wanted options of a client's message. One that stands several times is a long one in pieces
## (RFC 3396).
function wanted_of(message: string): table[count] of string
	{
	local found: table[count] of string = table();
	local at = dhcp_options_at;
	local seen = 0;

	while ( at + 2 <= |message| && ++seen <= max_dhcp_options )
		{
		local code = bytestring_to_count(message[at]);

		if ( code == 255 )
			break;

		if ( code == 0 )
			{
			++at;
			next;
			}

		local len = bytestring_to_count(message[at + 1]);
		at += 2;

		if ( at + len > |message| )
			break;

		if ( code in wanted_options )
			found[code] = ( code in found ? found[code] : "" ) + message[at : at + len];

		at += len;
		}

	return found;
	}

function vendor_options(message: string): VendorOptions
	{
	local told: VendorOptions = table();
	local found = wanted_of(message);

	if ( 61 in found )
		on_client_id(told, found[61], message[28:34]);

	if ( 77 in found )
		on_user_class(told, found[77]);

	if ( 124 in found )
		on_enterprise_classes(told, found[124]);

	if ( 125 in found )
		on_enterprise_information(told, found[125]);

	if ( 43 in found && 60 in found )
		on_vendor_information(told, found[60], found[43]);

	return told;
	}

event Evidence::dhcp_vendor_options(xid: count, chaddr: string, ciaddr: addr,
    told: VendorOptions)
	{
	if ( ciaddr != 0.0.0.0 && is_local(ciaddr) )
		for ( field, values in told )
			for ( value in values )
				Asset::host_observed(ciaddr, field, value);

	if ( xid in announced_options || |announced_options| < max_dhcp_requests )
		announced_options[xid] = Announced($chaddr=chaddr, $told=told);
	}

function dhcp_vendor_options_of(xid: count, chaddr: string): VendorOptions
	{
	if ( xid in announced_options && announced_options[xid]$chaddr == chaddr )
		return announced_options[xid]$told;

	return table();
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	# Only requests, to a server or from a relay, with a hardware address of Ethernet.
	if ( u$id$resp_p != 67/udp
	    || |contents| <= dhcp_options_at
	    || contents[0:3] != "\x01\x01\x06"
	    || contents[236:240] != dhcp_cookie )
		return;

	local told = vendor_options(contents);

	if ( |told| == 0 )
		return;

	local xid = bytestring_to_count(contents[4:8]);
	local chaddr = mac_text(contents[28:34]);
	local ciaddr = raw_bytes_to_v4_addr(contents[12:16]);

	if ( Cluster::is_enabled() && Cluster::local_node_type() != Cluster::MANAGER )
		Cluster::publish(Cluster::manager_topic, Evidence::dhcp_vendor_options, xid,
		    chaddr, ciaddr, told);
	else
		event Evidence::dhcp_vendor_options(xid, chaddr, ciaddr, told);
	}
