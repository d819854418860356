##! Writes what was gathered to iomt_exposure.log.

@load base/utils/site
@load ../asset
@load ./gather
@load ./known

module Exposure;

export {
	## The rows' logging stream.
	redef enum Log::ID += { LOG };

	## A default logging policy hook for the stream.
	global log_policy: Log::PolicyHook;

	## Raised with each row as it goes to the logging framework.
	global log_iomt_exposure: event(rec: Info);
}

# Hosts that were alive lately: what they do not answer tells of them.
global known: set[addr] &write_expire=1day;

event zeek_init() &priority=5
	{
	Log::create_stream(Exposure::LOG, Log::Stream($columns=Info,
	    $ev=log_iomt_exposure, $path="iomt_exposure", $policy=log_policy));

	local filter = Log::get_filter(LOG, "default");
	filter$field_name_map = table(["n"] = "count", ["num"] = "port");
	Log::add_filter(LOG, filter);
	}

function joined(words: set[string]): string
	{
	local sorted: vector of string;

	for ( word in words )
		sorted += word;

	return join_string_vec(sort(sorted, strcmp), ",");
	}

function write_row(host: addr, mac: string, kind: string, state: string,
    by: string, p: port, value: string, row: Row)
	{
	local rec = Info($ts=network_time(), $first=row$first, $last=row$last,
	    $host=host, $kind=kind, $n=row$n);

	if ( mac != "" )
		rec$mac = mac;

	if ( p != no_port )
		{
		rec$proto = get_port_transport_proto(p);
		rec$num = port_to_count(p);
		}

	if ( |row$services| > 0 )
		rec$service = joined(row$services);

	if ( state != "" )
		rec$state = state;

	if ( by != "" )
		rec$by = by;

	if ( value != "" )
		rec$value = value;

	if ( kind == "service" || kind == "auth" )
		rec$clients = |row$addrs|;

	if ( |row$addrs| > 0 )
		rec$peers = peers_of(row);

	if ( kind == "coverage" && value in set("flows", "sensor") )
		rec$missed_bytes = row$missed;

	Log::write(LOG, rec);
	}

## Writes what was gathered. A host that never sent anything is not there, whoever calls for it.
function write_all()
	{
	for ( host, seen in hosts )
		{
		pack(seen);
		local mac = Asset::host_mac(host);

		if ( seen$alive )
			{
			if ( |known| < max_hosts || host in known )
				add known[host];
			}
		else if ( mac == "" && host !in known )
			next;

		for ( [kind, state, by, p, value], row in seen$rows )
			write_row(host, mac, kind, state, by, p, value, row);
		}

	forget_all();
	}
