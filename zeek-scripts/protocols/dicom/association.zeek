##! What the two sides of a DICOM association tell of each other when they set it up.

@load ../../frameworks/asset
@load ../../frameworks/stream
@load ./consts
@load ./types

module DICOM;

## The longest UID (PS3.5 9.1) and version name that is read.
const max_name = 64;

# Items that hold a value which is read.
const leaves = set(ABSTRACT_SYNTAX, TRANSFER_SYNTAX, IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME);

## Counts bytes of a data unit as used.
##
## Returns: how many they are, for the caller to pass on.
function take(side: Side, used: count): count
	{
	side$left -= used;

	if ( side$left == 0 )
		side$phase = PDU_HEADER;

	return used;
	}

## Ends the dissection of bytes that are not DICOM.
##
## Returns: 0, for the caller to pass on.
function malformed(c: connection): count
	{
	Stream::done(c);
	return 0;
	}

function name_of(raw: string): string
	{
	return Asset::clean_value(raw);
	}

## A UID as it should be, or the empty string.
function uid_of(raw: string): string
	{
	local uid = rstrip(raw, "\x00 ");
	return |uid| <= max_name && /[0-9]+(\.[0-9]+)+/ == uid ? uid : "";
	}

## Adds a value that is not there yet, up to a limit.
function add_once(values: vector of string, value: string)
	{
	if ( value == "" || |values| >= 32 )
		return;

	for ( _, known in values )
		if ( known == value )
			return;

	values += value;
	}

## The fixed part of an association's request or acceptance.
function associate_fixed(c: connection, is_orig: bool, side: Side, data: string,
    at: count): count
	{
	if ( |data| < at + 68 )
		return 0;

	local s = c$iomt_dicom;
	local asks = side$pdu == ASSOCIATE_RQ;

	# Each side says its part once. The acceptance may be captured first.
	if ( s?$info && ( s$requester == is_orig ) != asks )
		return malformed(c);

	if ( ! s?$info )
		s$info = Info($ts=network_time(), $uid=c$uid, $id=c$id);
	else if ( asks ? s$info?$calling_ae : s$info$result == "accepted" )
		return malformed(c);

	s$requester = is_orig == asks;

	if ( asks )
		{
		s$info$called_ae = name_of(data[at + 4 : at + 20]);
		s$info$calling_ae = name_of(data[at + 20 : at + 36]);
		Asset::observed(c, is_orig, "dicom.ae_title", s$info$calling_ae);
		}
	else
		s$info$result = "accepted";

	# The titles of an acceptance are only echoed: in a capture of that side alone they stay unknown.
	if ( s$info?$called_ae && s$info$result == "accepted" )
		Asset::observed(c, ! s$requester, "dicom.ae_title", s$info$called_ae);

	side$phase = ASSOCIATE_ITEM;
	return take(side, 68);
	}

## An implementation's class UID or version name.
function implementation(c: connection, is_orig: bool, kind: count,
    value: string)
	{
	local info = c$iomt_dicom$info;
	local asks = c$iomt_dicom$requester == is_orig;

	if ( kind == IMPLEMENTATION_CLASS_UID )
		{
		if ( asks )
			info$requester_implementation_uid = value;
		else
			info$acceptor_implementation_uid = value;

		Asset::observed(c, is_orig, "dicom.implementation_class_uid", value);
		return;
		}

	if ( asks )
		info$requester_implementation_version = value;
	else
		info$acceptor_implementation_version = value;

	Asset::observed(c, is_orig, "dicom.implementation_version_name", value);
	}

## An item that holds a value.
function leaf(c: connection, is_orig: bool, side: Side, kind: count,
    raw: string)
	{
	local contexts = c$iomt_dicom$contexts;

	switch ( kind )
		{
		case ABSTRACT_SYNTAX:
			if ( side$pdu == ASSOCIATE_RQ && side$context in contexts )
				contexts[side$context]$abstract = uid_of(raw);
			break;
		case TRANSFER_SYNTAX:
			if ( side$pdu == ASSOCIATE_AC && side$context in contexts )
				contexts[side$context]$transfer = uid_of(raw);
			break;
		case IMPLEMENTATION_CLASS_UID:
			implementation(c, is_orig, kind, uid_of(raw));
			break;
		case IMPLEMENTATION_VERSION_NAME:
			implementation(c, is_orig, kind, name_of(raw));
			break;
		}
	}

## The header of a presentation context, of which the number is a byte: there are no more than 256.
function context_header(c: connection, side: Side, data: string, at: count)
	{
	local s = c$iomt_dicom;
	side$context = bytestring_to_count(data[at + 4 : at + 5]);

	if ( side$context !in s$contexts )
		s$contexts[side$context] = Context();

	if ( side$pdu == ASSOCIATE_AC
	    && data[at + 6 : at + 7] == "\x00"
	    && ! s$contexts[side$context]$accepted )
		{
		s$contexts[side$context]$accepted = T;
		++s$info$accepted_contexts;
		}
	}

## The type of a user's identity. What follows it are credentials, which nobody looks at.
function user_identity(c: connection, is_orig: bool, kind: count)
	{
	c$iomt_dicom$info$user_identity = identity_types[kind];
	Asset::observed(c, is_orig, "dicom.user_identity", identity_types[kind]);
	}

## An item of an association's request or acceptance. Items that hold items are entered.
function associate_item(c: connection, is_orig: bool, side: Side, data: string,
    at: count): count
	{
	if ( side$left < 4 )
		return malformed(c);

	# A header, and of a presentation context its number and result too.
	if ( |data| < at + 8 && |data| < at + side$left )
		return 0;

	local kind = bytestring_to_count(data[at : at + 1]);
	local len = bytestring_to_count(data[at + 2 : at + 4]);
	local used = 4 + len;

	if ( used > side$left )
		return malformed(c);

	if ( kind == USER_INFORMATION )
		used = 4;
	else if ( kind == CONTEXT_RQ || kind == CONTEXT_AC )
		{
		if ( len < 4 )
			return malformed(c);

		used = 8;
		context_header(c, side, data, at);
		}
	else if ( kind in leaves && len <= max_name )
		{
		if ( |data| < at + used )
			return 0;

		leaf(c, is_orig, side, kind, data[at + 4 : at + used]);
		}
	else if ( kind == USER_IDENTITY && side$pdu == ASSOCIATE_RQ && len > 0 )
		user_identity(c, is_orig, bytestring_to_count(data[at + 4 : at + 5]));

	return take(side, used);
	}
