##! Dissects POCT1-A on any port: the greeting in which a point-of-care device says what it is.
##! poct1a.log has one line per greeting. Other messages carry patients' results and are not read.

@load ../../frameworks/asset
@load ../../frameworks/stream

module POCT1A;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## A greeting.
	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## What the device calls itself; often an EUI-64.
		device_id: string &log &optional;
		vendor_id: string &log &optional;
		model_id: string &log &optional;
		serial_id: string &log &optional;
		manufacturer_name: string &log &optional;
		hw_version: string &log &optional;
		sw_version: string &log &optional;
		## Its name at the site.
		device_name: string &log &optional;
		## The device, as in iomt_asset.log.
		subject: string &log &optional;
	};

	## Raised with each greeting as it goes to the logging framework.
	global log_poct1a: event(rec: Info);
}

const greeting = "<HEL.R01";
const greeting_end = "</HEL.R01";

# A greeting that is longer is read as far as this.
const max_greeting = 7168;

# The longest value that is read.
const max_value = 256;

const entities = table(["&lt;"] = "<", ["&gt;"] = ">", ["&quot;"] = "\"", [
    "&apos;"] = "'", ["&amp;"] = "&");

# What is read of a greeting, and the claims that it becomes.
const elements = vector("DEV.device_id", "DEV.vendor_id", "DEV.model_id",
    "DEV.serial_id", "DEV.manufacturer_name", "DEV.hw_version",
    "DEV.sw_version", "DEV.device_name");
const claims: table[string] of string = {
	["DEV.device_id"] = "poct1a.device_id",
	["DEV.vendor_id"] = "poct1a.vendor_id",
	["DEV.model_id"] = "poct1a.model_id",
	["DEV.serial_id"] = "poct1a.serial_id",
	["DEV.manufacturer_name"] = "poct1a.manufacturer_name",
	["DEV.hw_version"] = "poct1a.hw_version",
	["DEV.sw_version"] = "poct1a.sw_version",
	["DEV.device_name"] = "poct1a.device_name",
};

event zeek_init() &priority=5
	{
	Log::create_stream(POCT1A::LOG, Log::Stream($columns=Info, $ev=log_poct1a,
	    $path="poct1a", $policy=log_policy));
	}

## Whether a direction begins with a greeting. Its header comes first and names the standard's
## message type.
function recognise(data: string): Stream::Verdict
	{
	local start = find_str(data, greeting);

	if ( start < 0 )
		return |data| < 512 ? Stream::MORE : Stream::NOT_MINE;

	if ( /(\xef\xbb\xbf)?[\x09-\x0d\x20]*((<\?|<!)[^<>]*>[\x09-\x0d\x20]*)*/ !=
	    data[: int_to_count(start)] )
		return Stream::NOT_MINE;

	if ( find_str(data, "<HDR.", int_to_count(start)) >= 0 )
		return Stream::MINE;

	return |data| < 1024 ? Stream::MORE : Stream::NOT_MINE;
	}

## The value of an element, the first of its name; empty if there is none.
function value_of(document: string, name: string): string
	{
	local start = find_str(document, "<" + name);

	if ( start < 0 )
		return "";

	local at = int_to_count(start) + |name| + 1;
	local tag = split_string1(document[at : at + max_value + 64], />/)[0];
	local found = match_pattern(tag, /^[\x09-\x0d\x20]([^\"\']*[\x09-\x0d\x20])?V[\x09-\x0d\x20]*=[\x09-\x0d\x20]*[\"\']/);

	if ( ! found$matched )
		return "";

	local quote = found$str[|found$str| - 1];
	local rest = tag[|found$str| :];
	local end = find_str(rest, quote);
	local value = end < 0 ? "" : rest[: int_to_count(end)];

	if ( find_str(value, "&") >= 0 )
		for ( _, entity in vector("&lt;", "&gt;", "&quot;", "&apos;", "&amp;") )
			value = subst_string(value, entity, entities[entity]);

	return strip(value);
	}

## The hardware address that an EUI-64 was made of; empty if it was made of none.
function mac_of_eui64(eui: string): string
	{
	if ( /[0-9A-F]{6}FFF[EF][0-9A-F]{6}/ != eui )
		return "";

	local pairs: vector of string;

	for ( _, at in vector(0, 2, 4, 10, 12, 14) )
		pairs += eui[at : at + 2];

	local mac = to_lower(join_string_vec(pairs, ":"));
	return Asset::is_host_mac(mac) ? mac : "";
	}

## The subject that the claims of a device are filed under; empty if nothing tells it from others
## of its kind.
function subject(said: table[string] of string): string
	{
	local id = said["DEV.device_id"];

	if ( /[0-9A-Fa-f]{16}/ == id && /[0-9A-Fa-f]{6}0{10}|0+/ != id )
		return "eui64:" + to_upper(id);

	local maker = said["DEV.manufacturer_name"];

	if ( maker == "" )
		maker = said["DEV.vendor_id"];

	local own = said["DEV.serial_id"] != "" ? said["DEV.serial_id"] : id;
	return own == "" ? "" : fmt("serial:%s^%s^%s", maker, said["DEV.model_id"],
	    own);
	}

## Puts a value into the line.
function note(rec: Info, element: string, value: string)
	{
	switch ( element )
		{
		case "DEV.device_id":
			rec$device_id = value;
			break;
		case "DEV.vendor_id":
			rec$vendor_id = value;
			break;
		case "DEV.model_id":
			rec$model_id = value;
			break;
		case "DEV.serial_id":
			rec$serial_id = value;
			break;
		case "DEV.manufacturer_name":
			rec$manufacturer_name = value;
			break;
		case "DEV.hw_version":
			rec$hw_version = value;
			break;
		case "DEV.sw_version":
			rec$sw_version = value;
			break;
		case "DEV.device_name":
			rec$device_name = value;
			break;
		}
	}

## Reads a greeting. The device that it is about may stand behind a concentrator.
function read_greeting(c: connection, is_orig: bool, document: string)
	{
	local rec = Info($ts=network_time(), $uid=c$uid, $id=c$id);
	local said: table[string] of string;

	for ( _, element in elements )
		said[element] = value_of(document, element);

	local about = subject(said);

	if ( about != "" )
		rec$subject = about;

	if ( starts_with(about, "eui64:") )
		Asset::described(c, is_orig, about, "poct1a.mac", mac_of_eui64(about[6:]));

	for ( _, element in elements )
		{
		if ( said[element] == "" )
			next;

		note(rec, element, said[element]);
		Asset::described(c, is_orig, about, claims[element], said[element]);
		}

	# Who collects results may pass them on.
	Asset::observed(c, ! is_orig, "poct1a.received", "HEL.R01");
	Log::write(LOG, rec);
	}

## Looks for greetings; a concentrator sends one for each of its devices. What lies between them is
## stepped over.
function deliver(c: connection, is_orig: bool, data: string): count
	{
	local start = find_str(data, greeting);

	if ( start < 0 )
		return |data| < |greeting| ? 0 : |data| - |greeting| + 1;

	local at = int_to_count(start);
	local end = find_str(data, greeting_end, at);

	if ( end < 0 && |data| - at < max_greeting )
		return at;

	local stop = end < 0 ? |data| : int_to_count(end) + |greeting_end|;
	read_greeting(c, is_orig, data[at:stop]);
	return stop;
	}

function finish(c: connection)
	{ }

event zeek_init()
	{
	Stream::register(Stream::Dissector($name="poct1a", $recognise=recognise,
	    $deliver=deliver, $finish=finish));
	}
