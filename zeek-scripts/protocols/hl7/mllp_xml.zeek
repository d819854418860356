##! HL7 in XML over MLLP, on any port: messages of version 2 in XML, and documents that are sent bare.

@load ../../frameworks/body
@load ../../frameworks/stream
@load ./main
@load ./xml

module HL7;

export {
	## The most messages in XML that are collected over MLLP at the same time.
	option max_collected = 200;
}

global collected = 0;

# A frame's start and end, and what may stand before the first tag.
const frame_start = /\x0b/;
const frame_end = /\x1c/;
const opening = /^\x0b(\xef\xbb\xbf)?[\x09\x0a\x0d\x20]{0,4}<[?!A-Za-z]/;

function recognise_xml(data: string): Stream::Verdict
	{
	if ( |data| >= 16 && opening !in data )
		return Stream::NOT_MINE;

	if ( is_xml(data) )
		return Stream::MINE;

	return data[0] == "\x0b" && |data| < 1500 ? Stream::MORE : Stream::NOT_MINE;
	}

## Forgets the message that a side is sending.
function drop(side: Side)
	{
	if ( ! side$collecting )
		return;

	side$collecting = F;
	side$parts = vector();
	side$bytes = 0;
	--collected;
	}

## Begins to collect a message, if there is room for it.
function begin_frame(side: Side)
	{
	drop(side);

	if ( collected >= max_collected )
		return;

	side$collecting = T;
	++collected;
	}

## Keeps a piece of a message, up to what is read of a body.
function keep(side: Side, piece: string)
	{
	if ( ! side$collecting || side$bytes >= Body::max_bytes )
		return;

	side$parts += piece;
	side$bytes += |piece|;
	}

## Reads a message that is there as a whole. Acknowledgements are not always in XML.
function end_frame(c: connection, is_orig: bool, side: Side)
	{
	if ( ! side$collecting )
		return;

	local body = join_string_vec(side$parts, "");
	drop(side);

	if ( is_xml(body) )
		read_xml(c, is_orig, side, "mllp", body);
	else if ( starts_with(body, "MSH") )
		{
		side$phase = SEGMENT;
		feed(c, is_orig, side, "mllp", body + "\r");
		end_message(c, is_orig, side);
		}
	}

function deliver_xml(c: connection, is_orig: bool, data: string): count
	{
	if ( ! c?$iomt_hl7 )
		c$iomt_hl7 = State();

	local side = is_orig ? c$iomt_hl7$orig : c$iomt_hl7$resp;
	local pieces = split_string(data, frame_end);

	for ( i, piece in pieces )
		{
		if ( i > 0 )
			end_frame(c, is_orig, side);

		local frames = split_string(piece, frame_start);

		# Where a message begins, one that did not end is lost.
		if ( |frames| > 1 )
			begin_frame(side);

		keep(side, frames[|frames| - 1]);
		}

	return |data|;
	}

function finish_xml(c: connection)
	{
	if ( ! c?$iomt_hl7 )
		return;

	drop(c$iomt_hl7$orig);
	drop(c$iomt_hl7$resp);
	finish(c);
	}

## After a gap a session is read on from the next message.
function lost_xml(c: connection, is_orig: bool)
	{
	if ( c?$iomt_hl7 )
		drop(is_orig ? c$iomt_hl7$orig : c$iomt_hl7$resp);
	}

event zeek_init()
	{
	Stream::register(Stream::Dissector($name="hl7", $recognise=recognise_xml,
	    $deliver=deliver_xml, $finish=finish_xml, $lost=lost_xml));
	}
