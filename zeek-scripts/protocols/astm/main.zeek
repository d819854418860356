##! Dissects ASTM E1394 (CLSI LIS2-A2) on any port: the header record in which an analyser or a
##! laboratory system says what it is. The records may be bare, in the frames of E1381 (LIS01-A2) or
##! in MLLP. astm.log has one line per connection. No record but the header is read.

@load ../../frameworks/asset
@load ../../frameworks/stream

module ASTM;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## The header of one side of a connection.
	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## Whether the originator sent it.
		is_orig: bool &log;
		## How it was carried: frame (E1381), mllp or bare.
		framing: string &log;
		## Who sends, in the parts that its maker chose.
		sender: string &log &optional;
		## Whom the sender takes its peer for.
		receiver: string &log &optional;
		## The version of the standard.
		version: string &log &optional;
		## Whether the frame's checksum is right; absent if there is none.
		checksum: bool &log &optional;
	};

	## Raised with each line as it goes to the logging framework.
	global log_astm: event(rec: Info);
}

# The longest value that is read.
const max_value = 256;

# Control bytes of the link, before a transmission.
const link = /[\x01\x04\x05\x06\x0a\x0b\x0d\x15]{0,64}(\x02[0-7]?)?/;

# The header's first bytes: the field separator, which stands again after three other delimiters.
const delimiters = /H[!-\/:-@\[-`{-~]{5}/;

redef record connection += {
	## The sides whose header was read.
	iomt_astm: set[bool] &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(ASTM::LOG, Log::Stream($columns=Info, $ev=log_astm,
	    $path="astm", $policy=log_policy));
	}

## Where the header record starts.
##
## Returns: the length of *data* if it may still come, one more if it will not.
function header_start(data: string): count
	{
	local led = match_pattern(data, link);
	local at = led$off == 1 ? |led$str| : 0;

	if ( |data| - at < 6 )
		return /H.*/ == data[at:] || at == |data| ? |data| : |data| + 1;

	local first = data[at : at + 6];
	local separator = first[1];

	if ( delimiters != first
	    || first[5] != separator
	    || separator in first[2:5]
	    || first[2] == first[3]
	    || first[3] == first[4]
	    || first[2] == first[4] )
		return |data| + 1;

	return at;
	}

## The header record that starts at *at*, or an empty string if it has not ended.
function header(data: string, at: count): string
	{
	local parts = split_string1(data[at : at + 1024], /[\r\n\x03\x17\x04\x1c]/);
	return |parts| == 2 ? parts[0] : "";
	}

## The fields of a header; a record has fourteen of them.
function fields(record_: string): string_vec
	{
	local found: string_vec;
	local at = 0;

	while ( |found| < 20 )
		{
		local end = find_str(record_, record_[1], at);

		if ( end < 0 )
			break;

		found += record_[at : int_to_count(end)];
		at = int_to_count(end) + 1;
		}

	found += record_[at:];
	return found;
	}

## Whether a header is one: it says for what purpose it was sent or which version it follows, or at
## least who sends.
function is_header(parts: string_vec): bool
	{
	if ( |parts| < 5 || |parts| > 16 )
		return F;

	local purpose = |parts| > 11 ? strip(parts[11]) : "";
	local version = |parts| > 12 ? strip(parts[12]) : "";
	return /[PTDQ]?/ == purpose
	    && /([AEV]?[0-9.-]{1,8}|LIS ?0?2.{0,8}|E?1394.{0,8})?/ == version
	    && purpose + version + strip(parts[4]) != "";
	}

function recognise(data: string): Stream::Verdict
	{
	local at = header_start(data);

	if ( at > |data| )
		return Stream::NOT_MINE;

	local record_ = at < |data| ? header(data, at) : "";

	if ( record_ == "" )
		return |data| < 1500 ? Stream::MORE : Stream::NOT_MINE;

	return is_header(fields(record_)) ? Stream::MINE : Stream::NOT_MINE;
	}

## The checksum of the frame that starts at *at*: the sum of the bytes behind STX, up to ETX or ETB.
##
## Returns: "right", "wrong", or "unknown" if the frame has not ended.
function checksum(data: string, at: count): string
	{
	local body = match_pattern(data[at + 1 : at + 1 + 4096],
	    /^[^\x03\x17]*[\x03\x17]/);

	if ( ! body$matched || |data| < at + |body$str| + 3 )
		return "unknown";

	local sum = 0;

	for ( byte in body$str )
		sum += bytestring_to_count(byte);

	local stated = data[at + 1 + |body$str| : at + 3 + |body$str|];
	return to_lower(stated) == fmt("%02x", sum % 256) ? "right" : "wrong";
	}

## The part of a value that is read, with the usual separators of components and repetitions.
function usual(value: string, record_: string): string
	{
	local usually = table([record_[2]] = "\\", [record_[3]] = "^", [record_[4]] =
	    "&");
	local parts: vector of string;

	for ( ch in value[:max_value] )
		parts += ch in usually ? usually[ch] : ch;

	return strip(join_string_vec(parts, ""));
	}

## Notes a header and makes its claims. H-4 is an access password and never touched.
function read_header(c: connection, is_orig: bool, framing: string, sum: string,
    record_: string)
	{
	local parts = fields(record_);
	local rec = Info($ts=network_time(), $uid=c$uid, $id=c$id, $is_orig=is_orig,
	    $framing=framing);

	if ( sum != "unknown" )
		rec$checksum = sum == "right";

	# Nothing is known of bytes that were damaged on the way.
	if ( sum != "wrong" )
		{
		local sender = usual(parts[4], record_);
		local receiver = |parts| > 9 ? usual(parts[9], record_) : "";
		local version = |parts| > 12 ? usual(parts[12], record_) : "";
		Asset::observed(c, is_orig, "astm.sender", sender);
		Asset::observed(c, is_orig, "astm.version", version);

		if ( sender != "" )
			rec$sender = sender;

		if ( receiver != "" )
			rec$receiver = receiver;

		if ( version != "" )
			rec$version = version;
		}

	Log::write(LOG, rec);
	}

## Reads the first header of each side; the rest is stepped over.
function deliver(c: connection, is_orig: bool, data: string): count
	{
	if ( ! c?$iomt_astm )
		c$iomt_astm = set();

	if ( is_orig in c$iomt_astm )
		return |data|;

	local at = header_start(data);

	# This side only answers, or said something else.
	if ( at >= |data| )
		return /[\x04\x06\x15]*/ == data ? |data| : ( at > |data| ? |data| : 0 );

	local record_ = header(data, at);

	if ( record_ == "" )
		return |data| < 1500 ? 0 : |data|;

	local framing = /.*\x02[0-7]?/ == data[:at] ? "frame" : ( "\x0b" in data[:at] ?
	    "mllp" : "bare" );
	local stx = find_str(data, "\x02");
	local sum = framing == "frame" && stx >= 0 ? checksum(data, int_to_count(stx)) :
	    "unknown";

	# A frame is waited for, within reason: what it holds besides the header is a patient's.
	if ( framing == "frame" && sum == "unknown" && |data| < 4096 )
		return 0;

	add c$iomt_astm[is_orig];
	read_header(c, is_orig, framing, sum, record_);

	if ( |c$iomt_astm| == 2 )
		Stream::done(c);

	return |data|;
	}

function finish(c: connection)
	{ }

event zeek_init()
	{
	Stream::register(Stream::Dissector($name="astm", $recognise=recognise,
	    $deliver=deliver, $finish=finish));
	}
