##! Dissects FHIR over clear HTTP: Device resources and what servers state of themselves. Of all
##! other resources nothing is kept, and of these only what is named here, whether JSON or XML.

@load base/frameworks/cluster
@load ../../frameworks/asset
@load ./types

module FHIR;

export {
	## The protocol's logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## The most resources that are remembered as written.
	option max_remembered = 10000;

	## Raised with each line as it goes to the logging framework.
	global log_fhir: event(rec: Info);

	## Raised on the manager with a line that another node has for it.
	global line: event(info: Info);
}

# What is read alone or in the entry of a bundle.
const resources: set[string] = {
	"Device",
	"DeviceDefinition",
	"CapabilityStatement",
};

# What a device did or measured: these may contain the Device itself. What other resources contain,
# such as a patient's implants, is not read.
const containers: set[string] = {
	"DeviceMetric",
	"DiagnosticReport",
	"Observation",
};

# What is read of a resource. Names that people give are left out: patients own devices.
const members: set[string] = {
	"/resourceType",
	"/manufacturer",
	"/manufacturerString",
	"/model",
	"/modelNumber",
	"/serialNumber",
	"/version",
	"/version/value",
	"/udi/carrierHRF",
	"/udiCarrier/carrierHRF",
	"/deviceName/name",
	"/deviceName/type",
	"/type/coding/system",
	"/type/coding/code",
	"/software/name",
	"/software/version",
	"/fhirVersion",
};

# Objects that mean something as a whole.
const inner_groups = vector("/deviceName", "/type/coding");

const most_versions = 16;

# What was written already.
global written: set[string] &create_expire=Asset::reporting_interval;

event zeek_init() &priority=5
	{
	Log::create_stream(FHIR::LOG, Log::Stream($columns=Info, $ev=log_fhir,
	    $path="fhir", $policy=log_policy));
	}

## Writes a line unless the same was written lately.
function write(info: Info)
	{
	local said = copy(info);
	said$ts = double_to_time(0.0);
	said$uid = "";
	# A client comes from another port each time.
	said$id = conn_id($orig_h=info$id$orig_h, $orig_p=0/tcp,
	    $resp_h=info$id$resp_h, $resp_p=info$id$resp_p);
	local key = md5_hash(said);

	if ( key in written || |written| >= max_remembered )
		return;

	add written[key];

	if ( Cluster::is_enabled() && Cluster::local_node_type() != Cluster::MANAGER )
		Cluster::publish(Cluster::manager_topic, FHIR::line, info);
	else
		Log::write(LOG, info);
	}

# Several workers may have heard the same.
event FHIR::line(info: Info)
	{
	write(info);
	}

## Claims what a Device resource says, if it says which one it is.
function tell_device(c: connection, info: Info)
	{
	if ( info?$serial_number )
		info$subject = fmt("serial:%s/%s", info?$manufacturer ? info$manufacturer : "",
		    info$serial_number);
	else if ( info?$udi )
		info$subject = "udi:" + info$udi;

	write(info);

	if ( ! info?$subject )
		return;

	local is_orig = info$is_orig;
	local about = info$subject;

	if ( info?$manufacturer )
		Asset::described(c, is_orig, about, "fhir.manufacturer", info$manufacturer);

	if ( info?$model_name )
		Asset::described(c, is_orig, about, "fhir.model_name", info$model_name);

	if ( info?$model_number )
		Asset::described(c, is_orig, about, "fhir.model_number", info$model_number);

	if ( info?$serial_number )
		Asset::described(c, is_orig, about, "fhir.serial_number", info$serial_number);

	if ( info?$udi )
		Asset::described(c, is_orig, about, "fhir.udi", info$udi);

	if ( info?$device_type )
		Asset::described(c, is_orig, about, "fhir.device_type", info$device_type);

	Asset::described(c, is_orig, about, "fhir.versions", join_string_vec(
	    info$versions, "\\"));
	}

## Claims what a server states of itself.
function tell_server(c: connection, info: Info)
	{
	write(info);

	if ( info?$software_name )
		Asset::observed(c, info$is_orig, "fhir.software", info?$software_version ?
		    fmt("%s %s", info$software_name, info$software_version) :
		    info$software_name);

	if ( info?$fhir_version )
		Asset::observed(c, info$is_orig, "fhir.version", info$fhir_version);
	}

function set_member(info: Info, member: string, text: string)
	{
	switch ( member )
		{
		case "/resourceType":
			info$resource = text;
			break;
		case "/manufacturer", "/manufacturerString":
			info$manufacturer = text;
			break;
		case "/modelNumber", "/model":
			info$model_number = text;
			break;
		case "/serialNumber":
			info$serial_number = text;
			break;
		case "/version", "/version/value":
			if ( |info$versions| < most_versions )
				info$versions += text;

			break;
		case "/udi/carrierHRF", "/udiCarrier/carrierHRF":
			info$udi = text;
			break;
		case "/software/name":
			info$software_name = text;
			break;
		case "/software/version":
			info$software_version = text;
			break;
		case "/fhirVersion":
			info$fhir_version = text;
			break;
		}
	}

## Takes what an inner object says, now that it is read as a whole.
function end_inner(info: Info, inner: table[string] of string)
	{
	if ( "/deviceName/name" in inner
	    && "/deviceName/type" in inner
	    && inner["/deviceName/type"] == "model-name" )
		info$model_name = inner["/deviceName/name"];

	if ( "/type/coding/code" in inner
	    && "/type/coding/system" in inner
	    && inner["/type/coding/system"] == "urn:iso:std:iso:11073:10101"
	    && /^[0-9]{1,10}$/ == inner["/type/coding/code"] )
		info$device_type = inner["/type/coding/code"];
	}

function new_info(c: connection, is_orig: bool): Info
	{
	return Info($ts=network_time(), $uid=c$uid, $id=c$id, $is_orig=is_orig);
	}

## Takes a text of a resource that is being read.
function add_member(info: Info, inner: table[string] of string, member: string,
    raw: string)
	{
	local text = Asset::clean_value(raw);
	inner[member] = text;

	if ( text != "" )
		set_member(info, member, text);
	}

## Tells what a resource says, now that it is read as a whole.
function end_resource(c: connection, info: Info)
	{
	if ( info$resource == "Device" )
		tell_device(c, info);
	else if ( info$resource == "DeviceDefinition" )
		# It is about a model, and about no device.
		write(info);
	else if ( info$resource == "CapabilityStatement" )
		tell_server(c, info);
	}
