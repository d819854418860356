##! Dissects IEEE 11073 SDC: what WS-Discovery announces of medical devices, and what they tell of
##! themselves over clear HTTP. Neither patients nor measurements are read.

@load ../../frameworks/asset
@load ./types

module SDC;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## The most messages that are remembered as written, and endpoints by their addresses.
	option max_remembered = 10000;

	## Raised with each line as it goes to the logging framework.
	global log_sdc: event(rec: Info);

	## An empty line about a connection.
	global new_info: function(c: connection, message: string): Info;

	## Writes a line unless the same was written lately.
	global write: function(info: Info);

	## Claims all that was said of a device, and writes the line.
	global tell: function(c: connection, is_orig: bool, info: Info);

	## The endpoint that answers at an address, as its host said itself.
	global endpoints: table[addr, port] of string &write_expire=1day;
}

redef udp_content_ports += {3702/udp};

# What was written already.
global written: set[string] &create_expire=Asset::reporting_interval;

event zeek_init() &priority=5
	{
	Log::create_stream(SDC::LOG, Log::Stream($columns=Info, $ev=log_sdc,
	    $path="sdc", $policy=log_policy));
	}

function new_info(c: connection, message: string): Info
	{
	return Info($ts=network_time(), $uid=c$uid, $id=c$id, $message=message);
	}

function write(info: Info)
	{
	local said = copy(info);
	said$ts = double_to_time(0.0);
	said$uid = "";
	# A probe comes from another port each time.
	said$id = conn_id($orig_h=info$id$orig_h, $orig_p=0/udp,
	    $resp_h=info$id$resp_h, $resp_p=0/udp);
	local key = md5_hash(said);

	if ( key in written || |written| >= max_remembered )
		return;

	add written[key];
	Log::write(LOG, info);
	}

## ``urn:uuid:…`` or ``uuid:…`` as the subject of claims, or the empty string.
function subject_of(info: Info): string
	{
	if ( ! info?$endpoint )
		return "";

	local uuid = find_last(to_lower(info$endpoint), /uuid:[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/);
	return uuid;
	}

function tell(c: connection, is_orig: bool, info: Info)
	{
	local subject = subject_of(info);
	write(info);

	if ( subject != "" )
		Asset::described(c, is_orig, subject, "sdc.endpoint", subject);

	if ( info?$device_type )
		Asset::described(c, is_orig, subject, "sdc.device_type", info$device_type);

	if ( info?$location )
		Asset::described(c, is_orig, subject, "sdc.location", info$location);

	if ( info?$manufacturer )
		Asset::described(c, is_orig, subject, "sdc.manufacturer", info$manufacturer);

	if ( info?$model_name )
		Asset::described(c, is_orig, subject, "sdc.model_name", info$model_name);

	if ( info?$model_number )
		Asset::described(c, is_orig, subject, "sdc.model_number", info$model_number);

	if ( info?$friendly_name )
		Asset::described(c, is_orig, subject, "sdc.friendly_name",
		    info$friendly_name);

	if ( info?$firmware_version )
		Asset::described(c, is_orig, subject, "sdc.firmware_version",
		    info$firmware_version);

	if ( info?$serial_number )
		Asset::described(c, is_orig, subject, "sdc.serial_number",
		    info$serial_number);

	if ( info?$udi )
		Asset::described(c, is_orig, subject, "sdc.udi", info$udi);
	}
