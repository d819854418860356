##! The names that hosts register or hold in NetBIOS (RFC 1002). A name of kind 03 may be a user's
##! and is never told.

@load ./local

module Evidence;

redef udp_content_ports += {137/udp};

const NB_RECORD = 32;
const NBSTAT_RECORD = 33;
const max_nbstat_names = 32;

## Tells a name of 15 characters and a kind.
function tell_netbios(u: connection, is_orig: bool, name: string, kind: string,
    is_group: bool)
	{
	local value = rstrip(name, " \x00");

	# Browsers of the network hold a group's name that begins with control characters.
	if ( /[\x21-\x7e][\x20-\x7e]*/ != value )
		return;

	if ( is_group )
		{
		if ( kind == "\x00" )
			tell(u, is_orig, "netbios.workgroup", value);
		}
	else if ( kind == "\x00" || kind == "\x20" )
		tell(u, is_orig, "netbios.name", value);
	}

## Undoes the first-level encoding: half a byte in each letter from A to P.
function netbios_bytes(encoded: string): string
	{
	local hex = "";

	for ( letter in encoded )
		hex += fmt("%x", bytestring_to_count(letter) - 65);

	return hexstr_to_bytestring(hex);
	}

## A host registers or answers for a name of its own. *at* is where the address record's type is.
function tell_address_record(u: connection, is_orig: bool, contents: string,
    at: count)
	{
	if ( |contents| < at + 16
	    || bytestring_to_count(contents[at : at + 2]) != NB_RECORD )
		return;

	local holder = raw_bytes_to_v4_addr(contents[at + 12 : at + 16]);
	local name = netbios_bytes(contents[13:45]);

	# A server for names answers with the addresses of others.
	if ( holder == ( is_orig ? u$id$orig_h : u$id$resp_h ) )
		tell_netbios(u, is_orig, name[:15], name[15:16], bytestring_to_count(
		    contents[at + 10]) >= 128);
	}

## A host lists its names.
function tell_status(u: connection, is_orig: bool, contents: string)
	{
	local at = 57;
	local left = |contents| > 56 ? bytestring_to_count(contents[56]) : 0;

	if ( left > max_nbstat_names )
		return;

	while ( left > 0 && at + 18 <= |contents| )
		{
		tell_netbios(u, is_orig, contents[at : at + 15], contents[at + 15],
		    bytestring_to_count(contents[at + 16]) >= 128);
		at += 18;
		--left;
		}
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	if ( u$id$resp_p != 137/udp
	    || |contents| < 50
	    || contents[12] != " "
	    || contents[45] != "\x00"
	    || /[A-P]{32}/ != contents[13:45] )
		return;

	local flags = bytestring_to_count(contents[2]);
	local opcode = flags / 8 % 16;
	local is_answer = flags >= 128;

	# Registration and refresh: the question is followed by the record, whose name points to it.
	if ( ! is_answer && ( opcode == 5 || opcode == 8 || opcode == 9 ) )
		{
		if ( contents[50:52] == "\xc0\x0c" )
			tell_address_record(u, is_orig, contents, 52);
		}
	else if ( is_answer && opcode == 0 )
		{
		if ( bytestring_to_count(contents[46:48]) == NBSTAT_RECORD )
			tell_status(u, is_orig, contents);
		else
			tell_address_record(u, is_orig, contents, 46);
		}
	}
