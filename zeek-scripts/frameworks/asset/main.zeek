##! What hosts say of themselves or of the devices they speak for, one claim a line, each once per
##! interval: iomt_asset.log. A dissector ends in one call of :zeek:see:`Asset::observed`.

@load base/frameworks/cluster
@load ./limits
@load ./macs
@load ./names
@load ./value

module Asset;

export {
	## The claims' logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## One claim.
	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection in which it was seen.
		uid: string &log &optional;
		## That connection's endpoints.
		id: conn_id &log &optional;
		## The host that made the claim.
		host: addr &log;
		## The host's own hardware address; only given with proof from the link.
		mac: string &log &optional;
		## The VLAN in which it was seen.
		vlan: int &log &optional;
		## The device that the claim is about when that is described apart from its sender.
		subject: string &log &optional;
		## What is claimed.
		field: string &log;
		## The value, at most 256 bytes, control characters escaped.
		value: string &log;
		## The protocol it was seen in: the part of *field* before its first dot.
		source: string &log;
	};

	## A side of a connection claims something about itself.
	##
	## is_orig: whether the originator claims it.
	##
	## field: a name in fields.yaml.
	##
	## value: as it was on the wire.
	global observed: function(c: connection, is_orig: bool, field: string,
	    value: string);

	## A side of a connection claims something about a device that need not be itself.
	##
	## subject: ``<kind>:<value>``, the same for all claims about that device.
	global described: function(c: connection, is_orig: bool, subject: string,
	    field: string, value: string);

	## A host claims something about itself outside of a connection, or in *uid*.
	global host_observed: function(host: addr, field: string, value: string,
	    uid: string &default="");

	## Raised on the manager with a claim that another node has seen.
	global claim: event(rec: Info);

	## Raised with each claim as it goes to the logging framework.
	global log_iomt_asset: event(rec: Info);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Asset::LOG, Log::Stream($columns=Info, $ev=log_iomt_asset,
	    $path="iomt_asset", $policy=log_policy));
	}

## Writes a claim, with the hardware address if that is known to be the host's own.
function write_claim(rec: Info)
	{
	local mac = proven_mac(rec$host);

	if ( mac != "" )
		rec$mac = mac;

	Log::write(LOG, rec);
	}

## Hands a claim on: to the manager, which writes, or on a lone node to the log.
function submit(rec: Info)
	{
	if ( Cluster::is_enabled() && Cluster::local_node_type() != Cluster::MANAGER )
		Cluster::publish(Cluster::manager_topic, Asset::claim, rec);
	else
		write_claim(rec);
	}

# Several workers may have told the same. The workers' clock counts: by the manager's own, a claim
# that a worker repeats after an interval could still be a moment too early.
event Asset::claim(rec: Info)
	{
	if ( is_news(rec$ts, rec$host, rec?$subject ? rec$subject : "", rec$field,
	    rec$value) )
		write_claim(rec);
	}

function new_info(host: addr, field: string, value: string): Info
	{
	return Info($ts=network_time(), $host=host, $field=field, $value=value,
	    $source=split_string1(field, /\./)[0]);
	}

function described(c: connection, is_orig: bool, subject: string, field: string,
    value: string)
	{
	local host = is_orig ? c$id$orig_h : c$id$resp_h;
	local about = clean_value(subject);
	local text_value = name_as_allowed(field, clean_value(value));

	if ( text_value == ""
	    || ! is_host(host)
	    || ! is_news(network_time(), host, about, field, text_value) )
		return;

	local rec = new_info(host, field, text_value);
	rec$uid = c$uid;
	rec$id = c$id;

	if ( c?$vlan )
		rec$vlan = c$vlan;

	if ( about != "" )
		rec$subject = about;

	submit(rec);
	}

function observed(c: connection, is_orig: bool, field: string, value: string)
	{
	described(c, is_orig, "", field, value);
	}

function host_observed(host: addr, field: string, value: string, uid: string)
	{
	local text_value = name_as_allowed(field, clean_value(value));

	if ( text_value == ""
	    || ! is_host(host)
	    || ! is_news(network_time(), host, "", field, text_value) )
		return;

	local rec = new_info(host, field, text_value);

	if ( uid != "" )
		rec$uid = uid;

	submit(rec);
	}
