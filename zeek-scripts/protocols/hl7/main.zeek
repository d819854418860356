##! Dissects HL7 version 2 on any port: which applications speak, and which devices their messages
##! tell of. hl7.log has one line per connection, and one an hour of those that last.

@load ../../frameworks/asset
@load ../../frameworks/stream
@load ./walk

module HL7;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## A connection that lasts is logged once in this time.
	option log_interval = 1hr;

	## Raised with each line as it goes to the logging framework.
	global log_hl7: event(rec: Info);

	## Gives bytes of a direction to the dissector.
	##
	## Returns: how many were used.
	global feed: function(c: connection, is_orig: bool, side: Side,
	    framing: string, data: string): count;

	## Writes the line of a connection.
	global finish: function(c: connection);
}

event zeek_init() &priority=5
	{
	Log::create_stream(HL7::LOG, Log::Stream($columns=Info, $ev=log_hl7,
	    $path="hl7", $policy=log_policy));
	}

## Whether bytes that begin at *at* are a message header. One that no MLLP byte leads must be whole
## and name its kind and version.
function header_at(data: string, at: count, led: bool): Stream::Verdict
	{
	if ( |data| < at + 9 )
		return Stream::MORE;

	local separator = data[at + 3];
	local chars = split_string1(data[at + 4 : at + 10], /[A-Za-z0-9 \r\n]/)[0];
	local ended = find_str(chars, separator);

	if ( data[at : at + 3] != "MSH"
	    || /[!-\/:-@\[-`{-~]/ != separator
	    || /[!-\/:-@\[-`{-~]{2,6}/ != chars
	    || ended < 1 )
		return Stream::NOT_MINE;

	local line = split_string1(data[at:], /[\r\n\x1c]/);

	if ( |line| < 2 )
		return |data| < 1500 ? Stream::MORE : ( led ? Stream::MINE : Stream::NOT_MINE );

	local starts = field_starts(line[0], separator, 11);

	if ( |starts| < 10 )
		return Stream::NOT_MINE;

	local kind = line[0][starts[8] : starts[9] - 1];
	local version = |starts| > 12 ? line[0][starts[11] : starts[12] - 1] : "";

	if ( /([A-Z][A-Z0-9]{2}([^A-Za-z0-9].*)?)?/ == kind
	    && ( led ? /(2.*)?/ == version : ( kind != "" && /2(\.[0-9.]+)?.{0,40}/ == version ) ) )
		return Stream::MINE;

	return Stream::NOT_MINE;
	}

## Whether a direction begins with a message, or has one after the end of another.
function recognise(data: string): Stream::Verdict
	{
	local first = find_str(data, "\x0bMSH");

	if ( first >= 0 )
		return header_at(data, int_to_count(first) + 1, T);

	local text = lstrip(data, "\r\n");

	if ( |text| < 4 )
		return Stream::MORE;

	if ( starts_with(text, "MSH") )
		return header_at(text, 0, F);

	# The rest of a message, of which the next may follow; text in any case.
	return /[\x00-\x08\x0e-\x1b\x1d-\x1f]/ in data[:64] ? Stream::NOT_MINE :
	    Stream::MORE;
	}

function finish(c: connection)
	{
	if ( ! c?$iomt_hl7 )
		return;

	local s = c$iomt_hl7;

	if ( ! s?$info )
		return;

	end_message(c, T, s$orig);
	end_message(c, F, s$resp);

	for ( kind, n in s$kinds )
		s$info$message_types += fmt("%s=%d", kind, n);

	sort(s$info$message_types, strcmp);
	Log::write(LOG, s$info);
	delete s$info;
	s$kinds = table();
	}

function feed(c: connection, is_orig: bool, side: Side, framing: string,
    data: string): count
	{
	local s = c$iomt_hl7;

	# Not in the middle of a message, whose claims go with its line.
	if ( s?$info
	    && network_time() - s$info$ts >= log_interval
	    && ! s$orig$inside
	    && ! s$resp$inside )
		finish(c);

	if ( ! s?$info )
		s$info = Info($ts=network_time(), $uid=c$uid, $id=c$id, $framing=framing);

	return walk(c, is_orig, side, data);
	}

function deliver(c: connection, is_orig: bool, data: string): count
	{
	local framing = "mllp";

	if ( ! c?$iomt_hl7 )
		{
		c$iomt_hl7 = State();

		if ( find_str(data, "\x0bMSH") < 0 )
			framing = "bare";
		}

	local side = is_orig ? c$iomt_hl7$orig : c$iomt_hl7$resp;
	local other = is_orig ? c$iomt_hl7$resp : c$iomt_hl7$orig;

	if ( framing == "bare" )
		{
		# Nothing marks a message's end, and the first begins here.
		side$phase = SEGMENT;
		other$phase = SEGMENT;
		}

	# Whoever answers has got a message, even if nothing marks its end.
	if ( c$iomt_hl7?$info && c$iomt_hl7$info$framing == "bare" )
		tell_devices(c, ! is_orig, other);

	return feed(c, is_orig, side, framing, data);
	}

## A session lasts for weeks: after a gap it is read on from the next message.
function lost(c: connection, is_orig: bool)
	{
	if ( ! c?$iomt_hl7 )
		return;

	if ( is_orig )
		c$iomt_hl7$orig = Side();
	else
		c$iomt_hl7$resp = Side();
	}

event zeek_init()
	{
	Stream::register(Stream::Dissector($name="hl7", $recognise=recognise,
	    $deliver=deliver, $finish=finish, $lost=lost));
	}
