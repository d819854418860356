##! What hosts expose: which services they accept or refuse, who their peers are, how they
##! authenticate, and how well the sensor sees them. One row per host and fact, every interval, also
##! for connections that last: iomt_exposure.log.

@load base/frameworks/cluster
@load ./gather
@load ./write

module Exposure;

export {
	## How often rows are written.
	option reporting_interval = 1hr;

	## How long the manager waits for the other workers' rows after the first one's.
	option merge_delay = 15sec;

	## Raised on the manager with what another node has seen of a host.
	global told: event(host: addr, seen: Host);

	## Raised before an interval's rows are written or sent, for those who have more to add.
	global interval_ends: hook();
}

# The number of the interval, from 1, and when it began.
global period = 1;
global interval_start: time;

global began = F;
global merging = F;

## Whether rows are written here: by the manager, or by a lone node.
function is_writer(): bool
	{
	return ! Cluster::is_enabled()
	    || Cluster::local_node_type() == Cluster::MANAGER;
	}

## Ends the interval: writes what was gathered, or sends it to the manager.
function end_interval()
	{
	hook interval_ends();

	if ( is_writer() )
		write_all();
	else
		{
		for ( host, seen in hosts )
			{
			pack(seen);
			Cluster::publish(Cluster::manager_topic, Exposure::told, host, seen);
			}

		forget_all();
		}

	++period;
	interval_start = network_time();
	}

event Exposure::write_merged()
	{
	merging = F;

	if ( ! zeek_is_terminating() )
		write_all();
	}

## Adds what another node has gathered to what is here.
function merge(host: addr, theirs: Host)
	{
	local seen = host_of(host, theirs$alive);

	for ( [kind, state, by, p, value], row in theirs$rows )
		{
		local mine = row_of(host, seen, kind, state, by, p, value, row$first,
		    row$last);
		mine$n += row$n;
		mine$missed += row$missed;

		for ( word in row$services )
			add mine$services[word];

		for ( peer in row$addrs )
			add_peer(mine, peer);

		for ( prefix in row$prefixes )
			add_prefix(mine$prefixes, prefix);
		}
	}

event Exposure::told(host: addr, seen: Host)
	{
	merge(host, seen);

	if ( merging )
		return;

	merging = T;
	schedule merge_delay { Exposure::write_merged() };
	}

function has_clock(at: time): bool
	{
	return at > double_to_time(0.0);
	}

event Exposure::interval_is_over()
	{
	# What is scheduled comes once more at the end, when all was written.
	if ( zeek_is_terminating() )
		return;

	# The clock of an interface stood at 0 when this was scheduled: the interval begins only now.
	if ( has_clock(interval_start) )
		end_interval();
	else
		interval_start = network_time();

	schedule reporting_interval { Exposure::interval_is_over() };
	}

function begin()
	{
	began = T;
	interval_start = network_time();
	schedule reporting_interval { Exposure::interval_is_over() };
	}

# A capture's clock stands still until its first packet; the clock of a node without traffic runs.
event zeek_init()
	{
	if ( ! reading_traces() )
		begin();
	}

event network_time_init()
	{
	if ( ! began )
		begin();
	}

event zeek_done()
	{
	if ( began && has_clock(interval_start) )
		end_interval();
	}
