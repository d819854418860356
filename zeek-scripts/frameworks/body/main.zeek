##! Hands the bodies of HTTP messages, or of their parts, of chosen content types to the first who
##! wants them, joined and without their encoding. All others cost one look at their content type.

@load base/frameworks/files
@load base/protocols/http

module Body;

export {
	## Somebody who reads bodies.
	type Reader: record {
		## The content types' second halves, in lower case (``soap+xml``).
		subtypes: set[string];

		## Looks at a body's beginning and says whether the rest is worth collecting.
		wants: function(head: string): bool;

		## Takes a body, perhaps cut, that a side of a connection sent.
		read: function(c: connection, is_orig: bool, body: string);
	};

	## How many bytes *wants* is shown.
	option head_bytes = 4096;

	## The most bytes of a body that are collected; what follows is not looked at.
	option max_bytes = 262144;

	## The most bodies that are collected at the same time.
	option max_bodies = 200;

	## Adds a reader.
	global register: function(reader: Reader);

	## Raised with each piece of a body.
	global piece: event(f: fa_file, data: string);
}

## A body that is being collected.
type State: record {
	# Who asked for its content type, and which of them wants it.
	readers: vector of count;
	reader: count &optional;
	is_orig: bool;
	parts: vector of string &default=vector();
	bytes: count &default=0;
	ended: bool &default=F;
};

redef record fa_file += {
	iomt_body: State &optional;
};

redef record connection += {
	# Who may read the message that each side is sending.
	iomt_body_readers: table[bool] of vector of count &optional;
};

global readers: vector of Reader;
global by_subtype: table[string] of vector of count;
global collecting = 0;

function register(reader: Reader)
	{
	for ( subtype in reader$subtypes )
		{
		if ( subtype !in by_subtype )
			by_subtype[subtype] = vector();

		by_subtype[subtype] += |readers|;
		}

	readers += reader;
	}

event http_content_type(c: connection, is_orig: bool, ty: string, subty: string)
	{
	local subtype = to_lower(subty);

	if ( subtype in by_subtype )
		{
		if ( ! c?$iomt_body_readers )
			c$iomt_body_readers = table();

		c$iomt_body_readers[is_orig] = by_subtype[subtype];
		}
	else if ( c?$iomt_body_readers )
		delete c$iomt_body_readers[is_orig];
	}

event file_over_new_connection(f: fa_file, c: connection, is_orig: bool)
	{
	if ( ! c?$iomt_body_readers
	    || is_orig !in c$iomt_body_readers
	    || f?$iomt_body
	    || collecting >= max_bodies )
		return;

	f$iomt_body = State($readers=c$iomt_body_readers[is_orig], $is_orig=is_orig);
	delete c$iomt_body_readers[is_orig];
	++collecting;
	Files::add_analyzer(f, Files::ANALYZER_DATA_EVENT, Files::AnalyzerArgs(
	    $stream_event=Body::piece));
	}

## Stops collecting a body; what was collected is forgotten.
function end(f: fa_file)
	{
	f$iomt_body$ended = T;
	f$iomt_body$parts = vector();
	--collecting;
	Files::remove_analyzer(f, Files::ANALYZER_DATA_EVENT, Files::AnalyzerArgs(
	    $stream_event=Body::piece));
	}

## Asks whether a body is worth collecting, as soon as that can be told.
function decide(s: State): bool
	{
	if ( s?$reader )
		return T;

	local head = join_string_vec(s$parts, "");

	for ( _, n in s$readers )
		{
		local wants = readers[n]$wants;

		if ( wants(head) )
			{
			s$reader = n;
			return T;
			}
		}

	return F;
	}

## Hands a body to its reader.
function hand_over(f: fa_file)
	{
	local s = f$iomt_body;
	local body = join_string_vec(s$parts, "");
	local read = readers[s$reader]$read;
	end(f);

	for ( _, c in f$conns )
		{
		read(c, s$is_orig, body);
		break;
		}
	}

event Body::piece(f: fa_file, data: string)
	{
	if ( ! f?$iomt_body || f$iomt_body$ended )
		return;

	local s = f$iomt_body;
	# The last piece may be larger than what is still wanted.
	s$parts += |data| > max_bytes ? data[:max_bytes] : data;
	s$bytes += |data|;

	if ( s$bytes >= head_bytes && ! decide(s) )
		end(f);
	else if ( s$bytes >= max_bytes )
		hand_over(f);
	}

# What stands on both sides of a gap must not be read as one.
event file_gap(f: fa_file, offset: count, len: count)
	{
	if ( f?$iomt_body && ! f$iomt_body$ended )
		end(f);
	}

event file_state_remove(f: fa_file)
	{
	if ( ! f?$iomt_body || f$iomt_body$ended )
		return;

	if ( f$iomt_body$bytes > 0 && f?$conns && decide(f$iomt_body) )
		hand_over(f);
	else
		end(f);
	}
