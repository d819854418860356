##! What hosts announce of themselves by multicast DNS and DNS service discovery (RFC 6762, 6763).
##! Zeek leaves out the additional records, in which most of it stands, so the messages are read here.

@load ./dns_records
@load ./local

module Evidence;

redef udp_content_ports += {5353/udp};

export {
	## The most mDNS messages that are remembered, so that their repetition costs a hash.
	option max_mdns_messages = 5000;
}

const DNS_A = 1;
const DNS_PTR = 12;
const DNS_TXT = 16;
const DNS_AAAA = 28;
const DNS_SRV = 33;

# What is said in TXT records of printers, scanners, displays and computers. Other keys are skipped.
const txt_fields: table[string] of string = {
	["model"] = "mdns.model",
	["md"] = "mdns.model",
	["mdl"] = "mdns.model",
	["usb_mdl"] = "mdns.model",
	["ty"] = "mdns.model",
	["manufacturer"] = "mdns.manufacturer",
	["mfg"] = "mdns.manufacturer",
	["usb_mfg"] = "mdns.manufacturer",
	["vendor"] = "mdns.manufacturer",
	["serial"] = "mdns.serial_number",
	["serialnumber"] = "mdns.serial_number",
	["fw"] = "mdns.firmware",
	["fwversion"] = "mdns.firmware",
	["firmware"] = "mdns.firmware",
	["osxvers"] = "mdns.os_version",
};

global heard_mdns: set[addr, string] &create_expire=Asset::reporting_interval;

## Whether labels end in a service's type, as _ipp._tcp.local does, from *at* on.
function is_service(labels: vector of string, at: count): bool
	{
	return |labels| >= at + 2
	    && /_[A-Za-z0-9-]+/ == labels[at]
	    && /_(tcp|udp)/ == to_lower(labels[at + 1])
	    && labels[at] != "_services";
	}

## A service and the name that it is announced under.
function tell_service(u: connection, is_orig: bool, labels: vector of string)
	{
	if ( ! is_service(labels, 1) )
		return;

	tell(u, is_orig, "mdns.service", to_lower(fmt("%s.%s", labels[1], labels[2])));

	# A messenger's instance is its user.
	if ( "@" !in labels[0] && to_lower(labels[1]) != "_presence" )
		tell(u, is_orig, "mdns.instance", labels[0]);
	}

## A service's parameters.
function tell_parameters(u: connection, is_orig: bool, data: string)
	{
	local at = 0;

	while ( at < |data| )
		{
		local len = bytestring_to_count(data[at]);
		local word = data[at + 1 : at + 1 + len];
		local equals = find_str(word, "=");
		at += 1 + len;

		if ( equals <= 0 )
			next;

		local key = to_lower(word[: int_to_count(equals)]);

		if ( key in txt_fields )
			tell(u, is_orig, txt_fields[key], word[int_to_count(equals + 1) :]);
		}
	}

## The address in an A or AAAA record.
function address_of(r: DNSRecord): addr
	{
	if ( r$rtype == DNS_A && |r$data| == 4 )
		return raw_bytes_to_v4_addr(r$data);

	if ( r$rtype == DNS_AAAA && |r$data| == 16 )
		return raw_bytes_to_v6_addr(r$data);

	return 0.0.0.0;
	}

## Whether a message gives addresses of the sender's family and its own is not among them: it was
## repeated from another segment, or is said for one that sleeps.
function is_of_another(records: vector of DNSRecord, sender: addr): bool
	{
	local family = is_v4_addr(sender) ? DNS_A : DNS_AAAA;
	local another = F;

	for ( _, r in records )
		{
		if ( address_of(r) == sender )
			return F;

		if ( r$rtype == family )
			another = T;
		}

	return another;
	}

function tell_record(u: connection, is_orig: bool, message: string,
    r: DNSRecord)
	{
	switch ( r$rtype )
		{
		case DNS_A, DNS_AAAA:
			if ( address_of(r) == ( is_orig ? u$id$orig_h : u$id$resp_h )
			    && |r$labels| > 0 )
				tell(u, is_orig, "mdns.host_name", join_string_vec(r$labels, "."));
			break;
		case DNS_PTR:
			if ( is_service(r$labels, 0) )
				tell_service(u, is_orig, read_name(message, r$data_at)$labels);
			break;
		case DNS_SRV:
			tell_service(u, is_orig, r$labels);
			break;
		case DNS_TXT:
			if ( is_service(r$labels, 1) )
				tell_parameters(u, is_orig, r$data);
			break;
		}
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	# What is known already is listed in questions, and is not the asking host's.
	if ( ( is_orig ? u$id$orig_p : u$id$resp_p ) != 5353/udp
	    || |contents| < 12
	    || bytestring_to_count(contents[2]) < 128 )
		return;

	local sender = is_orig ? u$id$orig_h : u$id$resp_h;
	local digest = md5_hash(contents);

	if ( [sender, digest] in heard_mdns || ! is_local(sender) )
		return;

	if ( |heard_mdns| < max_mdns_messages )
		add heard_mdns[sender, digest];

	local records = read_records(contents);

	if ( is_of_another(records, sender) )
		return;

	for ( _, r in records )
		tell_record(u, is_orig, contents, r);
	}
