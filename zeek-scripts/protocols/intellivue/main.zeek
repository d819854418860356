##! Dissects the Data Export protocol of Philips IntelliVue monitors: the Connect Indication that a
##! monitor broadcasts, and who associates with whom. Measurements and patients are never looked at.

@load ../../frameworks/asset
@load ./attributes
@load ./types

module IntelliVue;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## The most messages that are remembered as written.
	option max_remembered = 10000;

	## Raised with each line as it goes to the logging framework.
	global log_intellivue: event(rec: Info);

	## What the signature of an association request evaluates.
	##
	## Returns: always T, as the others do.
	global connect: function(state: signature_state, data: string): bool;

	## What the signature of an accepted association evaluates.
	global accept: function(state: signature_state, data: string): bool;

	## What the signature of a monitor's first message in an association evaluates.
	global mds_create: function(state: signature_state, data: string): bool;
}

redef udp_content_ports += {24005/udp};

# What was written already: monitors broadcast every few seconds.
global written: set[string] &create_expire=Asset::reporting_interval;

event zeek_init() &priority=5
	{
	Log::create_stream(IntelliVue::LOG, Log::Stream($columns=Info,
	    $ev=log_intellivue, $path="intellivue", $policy=log_policy));
	}

function new_info(c: connection, message: string): Info
	{
	return Info($ts=network_time(), $uid=c$uid, $id=c$id, $message=message);
	}

## Writes a line unless the same was written lately.
function write(info: Info)
	{
	local said = copy(info);
	said$ts = double_to_time(0.0);
	said$uid = "";
	local key = md5_hash(said);

	if ( key in written || |written| >= max_remembered )
		return;

	add written[key];
	Log::write(LOG, info);
	}

## Claims all that a monitor said of itself, and writes the line.
function tell_identity(c: connection, is_orig: bool, info: Info)
	{
	write(info);

	if ( info?$manufacturer )
		Asset::observed(c, is_orig, "intellivue.manufacturer", info$manufacturer);

	if ( info?$model )
		Asset::observed(c, is_orig, "intellivue.model", info$model);

	if ( info?$serial_number )
		Asset::observed(c, is_orig, "intellivue.serial_number", info$serial_number);

	if ( info?$part_number )
		Asset::observed(c, is_orig, "intellivue.part_number", info$part_number);

	if ( info?$system_type )
		Asset::observed(c, is_orig, "intellivue.system_type", cat(info$system_type));

	if ( info?$bed_label )
		Asset::observed(c, is_orig, "intellivue.bed_label", info$bed_label);

	# Behind an address translation the monitor is not the host that is seen.
	local host = is_orig ? c$id$orig_h : c$id$resp_h;

	if ( info?$mac
	    && info?$address
	    && info$address == host
	    && Asset::is_host_mac(info$mac) )
		Asset::observed(c, is_orig, "intellivue.mac", info$mac);

	Asset::observed(c, is_orig, "intellivue.hardware_versions", join_string_vec(
	    info$hardware_versions, "\\"));
	Asset::observed(c, is_orig, "intellivue.software_versions", join_string_vec(
	    info$software_versions, "\\"));
	Asset::observed(c, is_orig, "intellivue.firmware_versions", join_string_vec(
	    info$firmware_versions, "\\"));
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	# Nomenclature version, a remote operation, and lengths that agree.
	if ( u$id$resp_p != 24005/udp
	    || |contents| < 36
	    || contents[0:6] != "\x00\x00\x01\x00\x00\x01"
	    || u16(contents, 6) + 8 != |contents|
	    || u16(contents, 14) != MOC_VMS_MDS_COMPOS
	    || u16(contents, 24) != CONNECT_INDICATION )
		return;

	local info = new_info(u, "connect_indication");
	read_attributes(info, contents, 28);
	tell_identity(u, is_orig, info);
	}

function connect(state: signature_state, data: string): bool
	{
	Asset::observed(state$conn, state$is_orig, "intellivue.association",
	    "requested");
	write(new_info(state$conn, "association_request"));
	return T;
	}

function accept(state: signature_state, data: string): bool
	{
	Asset::observed(state$conn, state$is_orig, "intellivue.association",
	    "accepted");
	write(new_info(state$conn, "association_accept"));
	return T;
	}

function mds_create(state: signature_state, data: string): bool
	{
	if ( u16(data, 6) + 8 != |data| || u16(data, 14) != MOC_VMS_MDS )
		return T;

	local info = new_info(state$conn, "mds_create");
	read_attributes(info, data, 34);
	tell_identity(state$conn, state$is_orig, info);
	return T;
	}
