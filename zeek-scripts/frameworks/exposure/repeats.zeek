##! Most connections tell what another one of the interval has told: the same hosts, port, protocol and
##! outcome. Of these only the number and the times are noted, and added to the rows of the first one
##! when the interval ends.

@load ./coverage
@load ./main
@load ./outcomes

module Exposure;

## Connections that add the same to the same rows.
type Kind: record {
	## Tells kinds apart.
	number: count;
	## The rows of the first of them, each as often as it counted there.
	rows: vector of Row;
	## How many there were after the first.
	n: count &default=0;
	first: time;
	last: time;
};

# More kinds than this are not told apart at a time.
const max_kinds = 20000;

# From here on ports are those of clients.
const first_client_port = 32768/udp;

## What stands for a kind that there is not.
global no_kind: Kind = Kind($number=0, $rows=vector(), $first=double_to_time(
    0.0), $last=double_to_time(0.0));

function not_there(orig: addr, resp: addr, p: port, outcome: string,
    protocols: string, version: string): Kind
	{
	return no_kind;
	}

# By originator, responder and its port, outcome, protocols, and version of TLS. To ask by a default is
# one lookup instead of two.
global kinds: table[addr, addr, port, string, string, string] of Kind
    &default=not_there;
global kinds_made = 0;

# The rows of the connection that is being looked at.
global touched: vector of Row;

# Whether its hosts have met before in one of them: only such are likely to meet again, and a kind costs
# more than it saves where each connection is another one.
global met = F;

## Adds what was noted of connections to their rows.
function settle()
	{
	for ( [orig, resp, p, outcome, protocols, version], kind in kinds )
		{
		for ( _, row in kind$rows )
			{
			row$n += kind$n;
			extend(row, kind$first, kind$last);
			}

		if ( kind$n == 0 )
			next;

		see_flow(kind$first, kind$last);
		flows_seen += kind$n - 1;
		}

	clear_table(kinds);
	}

hook interval_ends() &priority=10
	{
	settle();
	}

## What a connection tells by what has happened in it; all that its state and its peers' relation
## depend on. A connection that was accepted is the same whatever else its history says.
function outcome_of(c: connection, is_over: bool): string
	{
	local outcome = "h";

	if ( "h" !in c$history )
		{
		outcome = c$history;

		if ( ! is_over )
			outcome += ".";

		# Ports compare by protocol before they do so by number: this is about UDP.
		if ( c$id$resp_p >= first_client_port && c$id$orig_p < first_client_port )
			outcome += "<";
		}

	return c$resp$num_pkts > 0 || c$resp$size > 0 ? outcome : outcome + "-";
	}

function protocols_of(c: connection): string
	{
	local protocols = "";

	for ( name in c$service )
		protocols = protocols == "" ? name : protocols + "," + name;

	return protocols;
	}

## Whether a connection tells no more than its kind does.
function is_plain(c: connection, is_over: bool): bool
	{
	if ( c?$iomt_stream || c?$snmp || ! c$orig?$num_pkts || c$orig$num_pkts == 0 )
		return F;

	# Somebody's packets may have come in fragments.
	if ( is_over
	    && ( c$orig$num_bytes_ip > longest_packet * c$orig$num_pkts || c$resp$num_bytes_ip > longest_packet * c$resp$num_pkts ) )
		return F;

	if ( ! c?$iomt_exposure )
		return T;

	local t = c$iomt_exposure;
	return ! t$refused && t$spoken == "" && ! t?$asked;
	}

## Begins to look at a connection in this interval.
##
## Returns: whether it was not looked at before.
function begin_period(t: Track): bool
	{
	if ( t$period == period )
		return F;

	# What was told before it was looked at for the first time is of the same interval.
	if ( t$period != 0 )
		delete t$told;

	t$period = period;
	t$kind = 0;
	return T;
	}

## When a connection that was seen until *last* was seen first in this interval.
function within_interval(first: time, last: time): time
	{
	if ( first >= interval_start )
		return first;

	return last < interval_start ? last : interval_start;
	}

## Notes a further connection of a kind.
##
## Returns: whether that is all that is to be done about it.
function count_again(c: connection, kind: Kind, is_over: bool): bool
	{
	local is_new = T;

	if ( ! is_over || c?$iomt_exposure )
		{
		local t = track(c);

		if ( t$period == period && t$kind != kind$number )
			return F;

		is_new = begin_period(t);
		t$kind = kind$number;
		}

	if ( is_new )
		++kind$n;

	local last = c$start_time + c$duration;
	local first = c$start_time;

	if ( first < interval_start )
		first = within_interval(first, last);

	if ( first < kind$first )
		kind$first = first;

	if ( last > kind$last )
		kind$last = last;

	return T;
	}
