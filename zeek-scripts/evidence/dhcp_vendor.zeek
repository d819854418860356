##! DHCP options that Zeek does not hand out as they are on the wire: client identifier (61), user
##! class (77), vendor-identifying vendor class (124) and information (125).

@load base/frameworks/cluster
@load ./local

module Evidence;

# What clients send; udp_contents has no part in how Zeek's own analyzer sees it.
redef udp_content_ports += {67/udp};

export {
	## The most DHCP transactions of which the request is kept until its answer.
	option max_dhcp_requests = 1000;

	## The options of a client, by field.
	type VendorOptions: table[string] of set[string];

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
const printable = /[\x20-\x7e]+/;

global announced_options: table[count] of Announced &create_expire=1min;

function add_option(told: VendorOptions, field: string, value: string)
	{
	if ( field !in told )
		told[field] = set();

	add told[field][value];
	}

## Text as it is, anything else in hexadecimal.
function text_or_hex(data: string): string
	{
	return printable == data ? data : string_to_ascii_hex(data);
	}

## A hardware address as Zeek's own DHCP events write it.
function mac_text(bytes: string): string
	{
	local parts: vector of string = vector();

	for ( byte in bytes )
		parts += string_to_ascii_hex(byte);

	return join_string_vec(parts, ":");
	}

## RFC 2132, 9.14. An identifier that is the hardware address says nothing new.
function on_client_id(told: VendorOptions, data: string, chaddr: string)
	{
	if ( |data| < 2 || ( data[0] == "\x01" && data[1:] == chaddr ) )
		return;

	if ( data[0] == "\x00" )
		add_option(told, "dhcp.client_id", text_or_hex(data[1:]));
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
		add_option(told, "dhcp.user_class", text_or_hex(rstrip(item, "\x00")));
	}

## RFC 3925: enterprise numbers, each with the length of its data and the data.
function on_enterprises(told: VendorOptions, data: string, is_class: bool)
	{
	local at = 0;

	while ( at + 5 <= |data| )
		{
		local enterprise = bytestring_to_count(data[at : at + 4]);
		local len = bytestring_to_count(data[at + 4]);
		at += 5;

		if ( at + len > |data| )
			return;

		add_option(told, "dhcp.enterprise_number", cat(enterprise));
		local inner = data[at : at + len];
		at += len;

		# The data of a class are strings, each with its length.
		if ( is_class && len > 1 && bytestring_to_count(inner[0]) <= len - 1 )
			add_option(told, "dhcp.enterprise_class", fmt("%d:%s", enterprise,
			    text_or_hex(inner[1 : 1 + bytestring_to_count(
			    inner[0])])));
		}
	}

## The wanted options of a client's message.
function vendor_options(message: string): VendorOptions
	{
	local told: VendorOptions = table();
	local chaddr = message[28:34];
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

		local data = message[at : at + len];
		at += len;

		switch ( code )
			{
			case 61:
				on_client_id(told, data, chaddr);
				break;
			case 77:
				on_user_class(told, data);
				break;
			case 124, 125:
				on_enterprises(told, data, code == 124);
				break;
			}
		}

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
