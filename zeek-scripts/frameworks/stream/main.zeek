##! Hands the reassembled payload of a TCP connection to the dissector that recognises it, on any
##! port. A protocol brings a signature that opens the stream and one call of
##! :zeek:see:`Stream::register`; joining bytes, stepping over the unwanted ones, capture gaps and
##! the end of the connection are dealt with here.

@load base/frameworks/analyzer
@load base/protocols/conn/removal-hooks

module Stream;

export {
	## What a recogniser says about the first bytes of one direction.
	type Verdict: enum {
		## The bytes are of its protocol.
		MINE,
		## They are not, whatever follows.
		NOT_MINE,
		## Too few to tell.
		MORE,
	};

	## A protocol's side of the bargain.
	type Dissector: record {
		## Its name, for messages.
		name: string;

		## Looks at a direction's first bytes, joined.
		recognise: function(data: string): Verdict;

		## Takes bytes and returns how many it has used. What it left is given again, joined with
		## what follows; a number beyond the end of *data* steps over bytes still to come.
		deliver: function(c: connection, is_orig: bool, data: string): count;

		## Called once, when nothing more will be delivered.
		finish: function(c: connection);

		## Called where bytes of a direction were not captured: what was given again is dropped,
		## and the next bytes are whatever follows. A stream whose dissector has none ends there.
		lost: function(c: connection, is_orig: bool) &optional;
	};

	## The most bytes of one direction that are kept while no dissector has recognised them.
	option max_unrecognised = 2048;

	## The most bytes of one direction that are kept for a dissector that waits for more.
	option max_buffer = 8192;

	## Adds a dissector.
	global register: function(dissector: Dissector);

	## Ends the dissection of a connection: a dissector calls it when it has seen enough or does
	## not understand the bytes. The analyzer is removed and what still arrives is ignored.
	global done: function(c: connection);

	## Opens a connection's stream; every signature of a dissector names it as its ``eval``.
	## Connections that no such signature opened are somebody else's and left alone.
	##
	## Returns: always T.
	global open: function(state: signature_state, data: string): bool;
}

## One direction of a stream.
type Direction: record {
	## Bytes that were delivered and not used.
	pending: string &default="";
	## How many bytes still to come are stepped over.
	skip: count &default=0;
	## No dissector will ever recognise this direction.
	foreign: bool &default=F;
};

## What is known of a stream; it lives in the connection and ends with it.
type State: record {
	orig: Direction;
	resp: Direction;
	## Index of the dissector that recognised the stream.
	dissector: count &optional;
	finished: bool &default=F;
	## The analyzer was not there before one of our signatures matched, so it is ours to remove.
	ours: bool &default=F;
};

redef record connection += {
	iomt_stream: State &optional;
};

# More bytes than any stream has: what still arrives of a finished one is stepped over.
const everything = 0x7fffffffffffffff;

global dissectors: vector of Dissector;

function register(dissector: Dissector)
	{
	dissectors += dissector;
	}

function done(c: connection)
	{
	if ( ! c?$iomt_stream || c$iomt_stream$finished )
		return;

	local s = c$iomt_stream;
	s$finished = T;
	s$orig = Direction($skip=everything);
	s$resp = Direction($skip=everything);

	if ( s?$dissector )
		{
		local finish = dissectors[s$dissector]$finish;
		finish(c);
		}

	if ( ! s$ours || ! connection_exists(c$id) )
		return;

	local aid = lookup_connection_analyzer_id(c$id,
	    Analyzer::ANALYZER_STREAM_EVENT);

	if ( aid > 0 )
		disable_analyzer(c$id, aid, F);
	}

hook finish_stream(c: connection)
	{
	done(c);
	}

function open(state: signature_state, data: string): bool
	{
	local c = state$conn;

	# A second signature may match the same connection, and one may match again at its very end.
	if ( c?$iomt_stream || ! connection_exists(c$id) )
		return T;

	c$iomt_stream = State($orig=Direction(), $resp=Direction(),
	    $ours=lookup_connection_analyzer_id(c$id,
	    Analyzer::ANALYZER_STREAM_EVENT) == 0);
	Conn::register_removal_hook(c, finish_stream);
	return T;
	}

## Gives bytes to the dissector and keeps what it did not use.
function feed(c: connection, is_orig: bool, data: string)
	{
	local s = c$iomt_stream;
	local deliver = dissectors[s$dissector]$deliver;
	local used = deliver(c, is_orig, data);

	if ( s$finished )
		return;

	local d = is_orig ? s$orig : s$resp;

	if ( used >= |data| )
		{
		d$skip = used - |data|;
		d$pending = "";
		return;
		}

	d$pending = used > 0 ? data[used:] : data;

	if ( |d$pending| > max_buffer )
		done(c);
	}

## Asks every dissector about a direction's first bytes.
function recognise(c: connection, is_orig: bool, data: string)
	{
	local s = c$iomt_stream;
	local d = is_orig ? s$orig : s$resp;
	local other = is_orig ? s$resp : s$orig;
	local undecided = F;

	for ( i, dissector in dissectors )
		{
		local ask = dissector$recognise;
		local verdict = ask(data);

		if ( verdict == MORE )
			undecided = T;

		if ( verdict != MINE )
			next;

		s$dissector = i;
		d$pending = "";
		feed(c, is_orig, data);

		if ( ! s$finished && |other$pending| > 0 )
			feed(c, ! is_orig, other$pending);

		return;
		}

	d$pending = data;
	d$foreign = ! undecided;

	if ( |data| > max_unrecognised || ( d$foreign && other$foreign ) )
		done(c);
	}

event stream_deliver(c: connection, is_orig: bool, data: string)
	{
	if ( ! c?$iomt_stream )
		return;

	local d = is_orig ? c$iomt_stream$orig : c$iomt_stream$resp;

	# The way of nearly all bytes of a large transfer: nothing is copied.
	if ( d$skip >= |data| )
		{
		d$skip -= |data|;
		return;
		}

	local bytes = d$skip > 0 ? data[d$skip :] : data;
	d$skip = 0;

	if ( |d$pending| > 0 )
		bytes = d$pending + bytes;

	if ( c$iomt_stream?$dissector )
		feed(c, is_orig, bytes);
	else
		recognise(c, is_orig, bytes);
	}

event stream_undelivered(c: connection, is_orig: bool, seq: count, len: count)
	{
	if ( ! c?$iomt_stream || c$iomt_stream$finished )
		return;

	local s = c$iomt_stream;
	local d = is_orig ? s$orig : s$resp;

	# A gap in bytes that would have been stepped over loses nothing.
	if ( d$skip >= len )
		d$skip -= len;
	else if ( s?$dissector && dissectors[s$dissector]?$lost )
		{
		local lost = dissectors[s$dissector]$lost;
		d$pending = "";
		d$skip = 0;
		lost(c, is_orig);
		}
	else
		done(c);
	}
