##! Walks the segments of HL7 messages as their bytes arrive, from a stream or from an HTTP body.
##! Segments that nobody wants, the patient's above all, are stepped over.

@load ./segments

module HL7;

export {
	## The most segments of a connection that are looked at in a second; what is beyond them is passed
	## over, up to the next message. No device sends as many.
	option max_segments = 10000;

	## Walks through bytes of a direction.
	##
	## Returns: how many were used; the rest is to be given again with what follows.
	global walk: function(c: connection, is_orig: bool, side: Side, data: string)
	    : count;

	## Ends the message that is under way and makes its claims.
	global end_message: function(c: connection, is_orig: bool, side: Side);
}

function end_message(c: connection, is_orig: bool, side: Side)
	{
	if ( ! side$inside )
		return;

	side$inside = F;
	tell_devices(c, is_orig, side);
	}

## Where a segment ends, by the sender's own line end or by the end of the message.
##
## Returns: -1 if that has not arrived.
function segment_end(side: Side, data: string, at: count): int
	{
	local line = find_str(data, side$end_of_segment, at);
	local message = find_str(data, "\x1c", at);

	if ( message >= 0 && ( line < 0 || message < line ) )
		return message;

	return line;
	}

## Before the first message that is there from its start.
function find_start(side: Side, data: string, at: count): count
	{
	local found = find_str(data, "\x0bMSH", at);

	if ( found < 0 && |data| - at < 5 )
		return 0;

	side$phase = found < 0 ? LOST : SEGMENT;
	return found < 0 ? |data| - at - 3 : int_to_count(found) - at + 1;
	}

## Whether a header's segments end in carriage returns, as they should, or in line feeds.
function choose_line_end(side: Side, data: string, at: count)
	{
	local cr = find_str(data, "\r", at);
	local lf = find_str(data, "\n", at);
	side$end_of_segment = lf >= 0 && ( cr < 0 || lf < cr ) ? "\n" : "\r";
	}

## The start of a segment.
function segment(c: connection, is_orig: bool, side: Side, data: string,
    at: count): count
	{
	if ( /[\x00-\x20]/ == data[at] )
		{
		if ( /\x1c|\x0b/ == data[at] )
			end_message(c, is_orig, side);

		return 1;
		}

	if ( |data| - at < 4 )
		return 0;

	local name = data[at : at + 3];

	if ( name == "MSH" && /[!-\/:-@\[-`{-~]/ == data[at + 3] )
		{
		end_message(c, is_orig, side);
		choose_line_end(side, data, at);
		}
	else if ( name == "MSH" || ! side$inside || name !in wanted_segments )
		{
		side$phase = UNWANTED;
		return 3;
		}

	local end = segment_end(side, data, at);

	if ( end < 0 )
		{
		if ( |data| - at < max_segment )
			return 0;

		side$phase = UNWANTED;
		return 3;
		}

	read_segment(c, is_orig, side, data[at : int_to_count(end)]);
	return int_to_count(end) - at;
	}

## Whether a connection has had its share of this second.
function exhausted(s: State): bool
	{
	if ( network_time() - s$second >= 1sec )
		{
		s$second = network_time();
		s$segments = 0;
		}

	return ++s$segments > max_segments;
	}

## The next part of a direction.
##
## Returns: how many bytes it takes; 0 if more must arrive first.
function next_part(c: connection, is_orig: bool, side: Side, data: string,
    at: count): count
	{
	if ( exhausted(c$iomt_hl7) )
		{
		end_message(c, is_orig, side);
		side$phase = LOST;
		return |data| - at;
		}

	if ( side$phase == LOST )
		return find_start(side, data, at);

	if ( side$phase == SEGMENT )
		return segment(c, is_orig, side, data, at);

	local end = segment_end(side, data, at);

	if ( end < 0 )
		return |data| - at;

	side$phase = SEGMENT;
	return int_to_count(end) - at;
	}

## As far as a piece of bytes goes that is no longer than what has to be kept.
function walk_piece(c: connection, is_orig: bool, side: Side, data: string)
    : count
	{
	local at = 0;

	while ( at < |data| )
		{
		local used = next_part(c, is_orig, side, data, at);

		if ( used == 0 )
			break;

		at += used;
		}

	return at;
	}

function walk(c: connection, is_orig: bool, side: Side, data: string): count
	{
	local at = 0;

	while ( at < |data| )
		{
		local used = walk_piece(c, is_orig, side, data[at : at + max_segment]);

		if ( used == 0 )
			break;

		at += used;
		}

	return at;
	}
