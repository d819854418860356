##! Dissects DICOM on any port: who speaks, with what software, and which devices made the data sets
##! that are stored. dicom.log has one line per association.

@load ../../frameworks/asset
@load ../../frameworks/stream
@load ./association
@load ./consts
@load ./pdv
@load ./types

module DICOM;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## Raised with each association as it goes to the logging framework.
	global log_dicom: event(rec: Info);
}

event zeek_init() &priority=5
	{
	Log::create_stream(DICOM::LOG, Log::Stream($columns=Info, $ev=log_dicom,
	    $path="dicom", $policy=log_policy));
	}

## Whether a direction begins with an association request or its acceptance.
function recognise(data: string): Stream::Verdict
	{
	# The header, the fixed fields and the application context, always the first item.
	if ( |data| < 99 )
		return Stream::MORE;

	if ( /\x01|\x02/ == data[0:1]
	    && data[74:99] == "\x10\x00\x00\x151.2.840.10008.3.1.1.1" )
		return Stream::MINE;

	return Stream::NOT_MINE;
	}

## Writes the line of the association that ended.
function end_association(c: connection)
	{
	local s = c$iomt_dicom;

	if ( ! s?$info )
		return;

	for ( name, n in s$operations )
		s$info$operations += fmt("%s=%d", name, n);

	sort(s$info$operations, strcmp);
	Log::write(LOG, s$info);
	c$iomt_dicom = State();
	}

function abort(c: connection, source: count, reason: count)
	{
	if ( c$iomt_dicom?$info )
		{
		c$iomt_dicom$info$result = "aborted";
		c$iomt_dicom$info$reason = abort_reasons[source, reason];
		}

	Stream::done(c);
	}

function reject(c: connection, source: count, reason: count)
	{
	if ( c$iomt_dicom?$info )
		{
		c$iomt_dicom$info$result = "rejected";
		c$iomt_dicom$info$reason = reject_reasons[source, reason];
		}

	end_association(c);
	}

## The header of a protocol data unit, which has a reserved byte after the type.
##
## Returns: how many bytes were used, 0 if more must arrive first.
function pdu_header(c: connection, is_orig: bool, side: Side, data: string,
    at: count): count
	{
	if ( |data| < at + 6 )
		return 0;

	local len = bytestring_to_count(data[at + 2 : at + 6]);
	side$pdu = bytestring_to_count(data[at : at + 1]);
	side$left = len;

	switch ( side$pdu )
		{
		case ASSOCIATE_RQ, ASSOCIATE_AC:
			side$phase = ASSOCIATE_FIXED;
			return len >= 68 ? 6 : malformed(c);
		case ASSOCIATE_RJ, ABORT:
			side$phase = ANSWER;
			return len == 4 ? 6 : malformed(c);
		case DATA_TF:
			if ( ! c$iomt_dicom?$info )
				return malformed(c);

			side$phase = len > 0 ? PDV_HEADER : PDU_HEADER;
			return 6;
		case RELEASE_RQ:
			return 6 + len;
		case RELEASE_RP:
			end_association(c);
			return 6 + len;
		}

	return malformed(c);
	}

## The body of a rejection or an abort.
function answer(c: connection, side: Side, data: string, at: count): count
	{
	if ( |data| < at + 4 )
		return 0;

	side$phase = PDU_HEADER;

	# A rejection says whether it is permanent before it says by whom; an abort has a reserved byte.
	local source = bytestring_to_count(data[at + 2 : at + 3]);
	local reason = bytestring_to_count(data[at + 3 : at + 4]);

	if ( side$pdu == ABORT )
		abort(c, source, reason);
	else
		reject(c, source, reason);

	return 4;
	}

## The next part of a direction.
##
## Returns: how many bytes it takes, perhaps some still to come; 0 if more must arrive first.
function next_part(c: connection, is_orig: bool, side: Side, data: string,
    at: count): count
	{
	switch ( side$phase )
		{
		case PDU_HEADER:
			return pdu_header(c, is_orig, side, data, at);
		case ASSOCIATE_FIXED:
			return associate_fixed(c, is_orig, side, data, at);
		case ASSOCIATE_ITEM:
			return associate_item(c, is_orig, side, data, at);
		case ANSWER:
			return answer(c, side, data, at);
		case PDV_HEADER:
			return pdv_header(c, is_orig, side, data, at);
		case PDV:
			return pdv(c, is_orig, side, data, at);
		}

	return 0;
	}

## Steps over a data unit that holds one fragment of a data set of which no more is read, and not the
## last one: nearly all units of an image are such.
##
## Returns: how many bytes it takes, 0 if it may be another one.
function pass_over(c: connection, side: Side, data: string, at: count): count
	{
	if ( side$phase != PDU_HEADER
	    || side?$dataset
	    || |data| < at + 12
	    || data[at] != "\x04"
	    || data[at + 11] != "\x00"
	    || ! c$iomt_dicom?$info )
		return 0;

	local len = bytestring_to_count(data[at + 2 : at + 6]);
	return len > 5 && bytestring_to_count(data[at + 6 : at + 10]) + 4 == len ? len + 6 : 0;
	}

function deliver(c: connection, is_orig: bool, data: string): count
	{
	local at = 0;

	if ( ! c?$iomt_dicom )
		c$iomt_dicom = State();

	while ( at < |data| && ! c$iomt_stream$finished )
		{
		# An association that ended took its sides with it.
		local side = is_orig ? c$iomt_dicom$orig : c$iomt_dicom$resp;
		local used = pass_over(c, side, data, at);

		if ( used == 0 )
			used = next_part(c, is_orig, side, data, at);

		if ( used == 0 )
			break;

		at += used;
		}

	return at;
	}

function finish(c: connection)
	{
	if ( c?$iomt_dicom )
		end_association(c);
	}

event zeek_init()
	{
	Stream::register(Stream::Dissector($name="dicom", $recognise=recognise,
	    $deliver=deliver, $finish=finish));
	}
