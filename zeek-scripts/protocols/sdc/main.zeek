##! Dissects IEEE 11073 SDC: what WS-Discovery announces of medical devices, and what they tell of
##! themselves over clear HTTP. Neither patients nor measurements are read.

@load base/frameworks/cluster
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

	## Raised on the manager with a line that another node has for it.
	global line: event(info: Info);

	## An empty line about a connection.
	global new_info: function(c: connection, message: string): Info;

	## Writes a line unless the same was written lately.
	global write: function(info: Info);

	## What is known of a part of a device, in one value.
	global describe_part: function(info: Info): string;

	## Claims all that was said of a device, and writes the line.
	global tell: function(c: connection, is_orig: bool, info: Info);

	## The endpoint that answers at an address, as its host said itself.
	global endpoints: table[addr, port] of string &write_expire=1day;

	## Remembers that endpoint, on all workers.
	global add_endpoint: function(host: addr, p: port, endpoint: string);

	## Raised with an endpoint that a worker has heard of: on the manager, which tells all workers.
	global endpoint_heard: event(host: addr, p: port, endpoint: string);
}

redef udp_content_ports += {3702/udp};

# What was written already.
global written: set[string] &create_expire=Asset::reporting_interval;

# Which endpoints the other nodes were told of.
global passed_on: set[addr, port, string]
    &create_expire=Asset::reporting_interval;

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

	if ( Cluster::is_enabled() && Cluster::local_node_type() != Cluster::MANAGER )
		Cluster::publish(Cluster::manager_topic, SDC::line, info);
	else
		Log::write(LOG, info);
	}

# Several workers may have heard the same.
event SDC::line(info: Info)
	{
	write(info);
	}

function add_endpoint(host: addr, p: port, endpoint: string)
	{
	if ( |endpoints| >= max_remembered )
		return;

	endpoints[host, p] = endpoint;

	if ( ! Cluster::is_enabled()
	    || [host, p, endpoint] in passed_on
	    || |passed_on| >= max_remembered )
		return;

	add passed_on[host, p, endpoint];
	Cluster::publish(Cluster::manager_topic, SDC::endpoint_heard, host, p,
	    endpoint);
	}

# Who is asked over HTTP has announced itself in another connection, which another worker may see.
event SDC::endpoint_heard(host: addr, p: port, endpoint: string)
	{
	if ( Cluster::local_node_type() == Cluster::MANAGER )
		Cluster::publish(Cluster::worker_topic, SDC::endpoint_heard, host, p,
		    endpoint);
	else if ( |endpoints| < max_remembered )
		endpoints[host, p] = endpoint;
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

	if ( info?$part )
		{
		# What identifies a part does not identify the device.
		Asset::described(c, is_orig, subject, "sdc.part", describe_part(info));
		return;
		}

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

	if ( info?$device_identifier )
		Asset::described(c, is_orig, subject, "sdc.device_identifier",
		    info$device_identifier);

	if ( info?$lot_number )
		Asset::described(c, is_orig, subject, "sdc.lot_number", info$lot_number);

	if ( info?$part_number )
		Asset::described(c, is_orig, subject, "sdc.part_number", info$part_number);

	Asset::described(c, is_orig, subject, "sdc.hardware_versions", join_string_vec(
	    info$hardware_versions, "\\"));
	Asset::described(c, is_orig, subject, "sdc.software_versions", join_string_vec(
	    info$software_versions, "\\"));
	Asset::described(c, is_orig, subject, "sdc.firmware_versions", join_string_vec(
	    info$firmware_versions, "\\"));
	}
