##! Dissects what BACnet devices say of themselves: I-Am, and answers to those who read their model,
##! serial number and versions. Measurements and all that is written are never looked at.

@load ../../frameworks/asset
@load ./properties
@load ./types

module BACnet;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## The most messages that are remembered as written.
	option max_remembered = 10000;

	## Raised with each line as it goes to the logging framework.
	global log_iomt_bacnet: event(rec: Info);
}

const bacnet_port = 47808/udp;

redef udp_content_ports += {bacnet_port};

# What was written already.
global written: set[string] &create_expire=Asset::reporting_interval;

# The package icsnpp-bacnet writes logs of its own: then there are claims from here, but no log.
global logging = T;

event zeek_init() &priority=5
	{
	Log::create_stream(BACnet::LOG, Log::Stream($columns=Info, $ev=log_iomt_bacnet,
	    $path="iomt_bacnet", $policy=log_policy));
	}

event zeek_init() &priority=-5
	{
	for ( id in Log::active_streams )
		if ( /LOG_BACNET_DISCOVERY$/ in cat(id) )
			logging = F;
	}

## Writes a line unless the same was written lately.
function write(info: Info)
	{
	local said = copy(info);
	said$ts = double_to_time(0.0);
	said$uid = "";
	local key = md5_hash(said);

	if ( ! logging || key in written || |written| >= max_remembered )
		return;

	add written[key];
	Log::write(LOG, info);
	}

## Claims all that was said of a device, and writes the line.
function tell(c: connection, is_orig: bool, info: Info)
	{
	# What a router passes on is about a device of another network.
	local subject = info?$network && info?$instance ? fmt("bacnet:%d",
	    info$instance) : "";
	write(info);

	if ( info?$instance )
		Asset::described(c, is_orig, subject, "bacnet.device_instance", cat(
		    info$instance));

	if ( info?$vendor_id )
		Asset::described(c, is_orig, subject, "bacnet.vendor_id", cat(
		    info$vendor_id));

	if ( info?$vendor_name )
		Asset::described(c, is_orig, subject, "bacnet.vendor_name", info$vendor_name);

	if ( info?$model_name )
		Asset::described(c, is_orig, subject, "bacnet.model_name", info$model_name);

	if ( info?$serial_number )
		Asset::described(c, is_orig, subject, "bacnet.serial_number",
		    info$serial_number);

	if ( info?$firmware_revision )
		Asset::described(c, is_orig, subject, "bacnet.firmware_revision",
		    info$firmware_revision);

	if ( info?$application_software_version )
		Asset::described(c, is_orig, subject, "bacnet.application_software_version",
		    info$application_software_version);

	if ( info?$object_name )
		Asset::described(c, is_orig, subject, "bacnet.object_name", info$object_name);

	if ( info?$location )
		Asset::described(c, is_orig, subject, "bacnet.location", info$location);
	}

## I-Am: device, longest message, segmentation and vendor, by their types.
function read_i_am(info: Info, data: string, at: count): bool
	{
	local device = read_tag(data, at);
	local longest = read_tag(data, device$end);
	local segmentation = read_tag(data, longest$end);
	local vendor = read_tag(data, segmentation$end);

	if ( device$end == 0
	    || longest$end == 0
	    || segmentation$end == 0
	    || vendor$end == 0
	    || device$number != 12
	    || device$end - device$start != 4
	    || longest$number != 2
	    || segmentation$number != 9
	    || vendor$number != 2 )
		return F;

	local object = number_of(data, device);
	info$instance = object % 0x400000;
	info$vendor_id = number_of(data, vendor);
	return object / 0x400000 == DEVICE;
	}

## Steps over the network layer's header, and notes the network that the message came from.
##
## Returns: where the application's part begins, 0 if there is none.
function network_header(info: Info, data: string, at: count): count
	{
	if ( |data| < at + 2 || data[at] != "\x01" )
		return 0;

	local control = bytestring_to_count(data[at + 1 : at + 2]);
	at += 2;

	# A message of the network layer itself.
	if ( control >= 0x80 )
		return 0;

	local to_other = ( control / 0x20 ) % 2 == 1;

	if ( to_other )
		at += 3 + bytestring_to_count(data[at + 2 : at + 3]);

	if ( ( control / 0x08 ) % 2 == 1 )
		{
		info$network = bytestring_to_count(data[at : at + 2]);
		at += 3 + bytestring_to_count(data[at + 2 : at + 3]);
		}

	# Followed by a hop count.
	return to_other ? at + 1 : at;
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	if ( ( u$id$resp_p != bacnet_port && u$id$orig_p != bacnet_port )
	    || |contents| < 8
	    || contents[0] != "\x81"
	    || bytestring_to_count(contents[2:4]) != |contents| )
		return;

	local info = Info($ts=network_time(), $uid=u$uid, $id=u$id, $message="i_am");
	local at = 0;

	switch ( contents[1] )
		{
		case "\x0a", "\x0b", "\x09":
			at = network_header(info, contents, 4);
			break;
		case "\x04":
			# Passed on by a management device, which the originator's address stands before.
			if ( counts_to_addr(vector(bytestring_to_count(contents[4:8]))) == (
			    is_orig ? u$id$orig_h : u$id$resp_h ) )
				at = network_header(info, contents, 10);

			break;
		}

	if ( at == 0 || at + 4 > |contents| )
		return;

	# An unconfirmed request, or a complex acknowledgement in one piece.
	if ( contents[at : at + 2] == "\x10\x00" )
		{
		if ( read_i_am(info, contents, at + 2) )
			tell(u, is_orig, info);
		}
	else if ( contents[at] == "\x30"
	    && ( contents[at + 2] == "\x0c" || contents[at + 2] == "\x0e" ) )
		{
		info$message = "properties";

		if ( read_properties(info, contents, at + 3) )
			tell(u, is_orig, info);
		}
	}
