##! What was told already, and how much may be told: a claim is news once per interval, and no host
##! can fill memory or disk.

@load base/frameworks/notice
@load base/frameworks/telemetry

module Asset;

export {
	redef enum Notice::Type += {
		## Claims were dropped because a host made too many different ones, or because too many
		## hosts made any.
		Claims_Dropped,
	};

	## A claim is written once in this time.
	option reporting_interval = 1hr;

	## The most values of one field that are told of one host in an interval. An archive tells of
	## every device that it forwards for.
	option max_values = 500;

	## The most hosts of which anything is told in an interval.
	option max_hosts = 20000;

	## How many claims were dropped since the start, by the limit that was reached
	## (``max_values``, ``max_hosts``).
	global dropped: table[string] of count &default=0;
}

# When each value was told last, by host and field.
global told: table[addr] of table[string] of table[string] of time
    &read_expire=reporting_interval;

global dropped_family = Telemetry::register_counter_family(
    Telemetry::MetricOpts($prefix="iomt", $name="asset_claims_dropped",
    $unit="", $label_names=vector("limit"),
    $help_text="Identity claims dropped because a limit was reached"));

global noticed: set[string, addr] &create_expire=1day;

function drop_claim(limit: string, host: addr, msg: string)
	{
	++dropped[limit];
	Telemetry::counter_family_inc(dropped_family, vector(limit));

	if ( [limit, host] in noticed )
		return;

	add noticed[limit, host];
	NOTICE(Notice::Info($note=Claims_Dropped, $msg=msg, $sub=limit, $src=host,
	    $identifier=cat(limit, host), $suppress_for=1day));
	}

## Whether a claim was not told yet in the interval before *ts*, and may be. Remembers it as told.
function is_news(ts: time, host: addr, subject: string, field: string,
    value: string): bool
	{
	if ( host !in told )
		{
		if ( |told| >= max_hosts )
			{
			drop_claim("max_hosts", 0.0.0.0, fmt("More than %d hosts made claims: further hosts are not logged",
			    max_hosts));
			return F;
			}

		told[host] = table();
		}

	local fields = told[host];

	if ( field !in fields )
		fields[field] = table();

	local values = fields[field];
	# Cleaned values have no newline.
	local key = subject + "\n" + value;

	if ( key in values )
		{
		if ( ts - values[key] < reporting_interval )
			return F;
		}
	else if ( |values| >= max_values )
		{
		local stale: vector of string = vector();

		for ( k, when_told in values )
			if ( ts - when_told >= reporting_interval )
				stale += k;

		for ( _, k in stale )
			delete values[k];

		if ( |stale| == 0 )
			{
			drop_claim("max_values", host, fmt("%s made more than %d different claims of %s: further ones are not logged",
			    host, max_values, field));
			return F;
			}
		}

	values[key] = ts;
	return T;
	}
