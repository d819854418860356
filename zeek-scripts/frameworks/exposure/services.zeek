##! Which services hosts accept, refuse or leave unanswered, and who their peers are, told from
##! connections: when they are set up, in each interval while they last, and at their end.

@load base/protocols/conn/thresholds
@load ./known
@load ./coverage
@load ./main
@load ./outcomes
@load ./repeats

module Exposure;

export {
	## Raised with each connection that is looked at closely, for those who tell more of it. Others tell
	## what an earlier one of the interval has told, and add to what :zeek:see:`Exposure::touched` held.
	##
	## is_new: whether it was not looked at before in this interval.
	##
	## is_over: whether it has ended.
	global connection_seen: hook(c: connection, is_new: bool, is_over: bool);
}

# A connection that reaches one of these numbers of packets and is not in a hurry may last, and is
# looked at again once per interval. The many that are over before are looked at when they end.
const milestones: set[count] = {
	50,
	500,
	5000,
	50000,
	500000
};

# What reaches a milestone sooner is a transfer that ends soon, or comes by at the next one.
const hurry = 1sec;

redef ConnThreshold::generic_packet_thresholds += {
	50,
	500,
	5000,
	50000,
	500000
};

## Adds what was recognised in a connection.
function add_services(c: connection, row: Row)
	{
	for ( name in c$service )
		if ( |row$services| < 8 && name[0] != "-" )
			add row$services[to_lower(name)];

	local dissector = Stream::recognised(c);

	if ( dissector != "" )
		add row$services[dissector];

	if ( c$iomt_exposure$spoken != "" )
		add row$services[c$iomt_exposure$spoken];
	}

function see_service(c: connection, seen: Host, state: string, is_new: bool)
	{
	# The ports of data connections are agreed upon in others, and differ each time.
	if ( "ftp-data" in c$service || "irc-dcc-data" in c$service )
		return;

	local t = c$iomt_exposure;
	local row = row_of(c$id$resp_h, seen, "service", state, state == "refused" ?
	    t$by : "", c$id$resp_p, "", t$first, t$last);

	# What was looked at as something else before counts as what it turned out to be.
	if ( is_new || row$n == 0 )
		++row$n;

	met = met || c$id$orig_h in row$addrs;
	add_peer(row, c$id$orig_h);
	add_services(c, row);
	touched += row;
	}

## A host of ours has sent something to a peer.
function see_side(seen: Host, t: Track, peer: addr, relation: string,
    is_new: bool)
	{
	local mine = flows_of(seen, t$first, t$last);

	touched += mine;

	if ( is_new )
		++mine$n;

	if ( relation == "" || ! Asset::is_host(peer) )
		return;

	if ( relation !in seen$relations )
		seen$relations[relation] = Row($first=t$first, $last=t$last);

	local row = seen$relations[relation];
	extend(row, t$first, t$last);
	met = met || peer in row$addrs;
	add_peer(row, peer);
	touched += row;

	if ( is_new || row$n == 0 )
		++row$n;
	}

## Notes when a connection was seen in this interval.
##
## Returns: whether it was not before.
function mark(c: connection, t: Track): bool
	{
	t$last = c$start_time + c$duration;
	t$first = within_interval(c$start_time, t$last);

	if ( ! begin_period(t) )
		return F;

	see_flow(t$first, t$last);
	return T;
	}

## Adds to the rows all that a connection tells.
##
## Returns: whether it was not looked at before in this interval.
function look_closely(c: connection, is_over: bool): bool
	{
	local orig = c$id$orig_h;
	local resp = c$id$resp_h;
	local orig_is_ours = is_ours(orig);
	local resp_is_ours = is_ours(resp);

	if ( ! orig_is_ours && ! resp_is_ours )
		return F;

	local t = track(c);
	local is_new = mark(c, t);
	local relation = relation_of(c);
	t$orig = orig_is_ours && has_sent(c$orig);
	t$resp = resp_is_ours && has_sent(c$resp);

	if ( t$orig )
		see_side(host_of(orig, T), t, resp, relation, is_new);

	if ( resp_is_ours )
		{
		local state = state_of(c, is_over);

		if ( t$resp || state != "" )
			{
			local seen = host_of(resp, t$resp);

			if ( t$resp )
				see_side(seen, t, orig, relation == "to" ? "from" : relation, is_new);

			if ( state != "" )
				see_service(c, seen, state, is_new);
			}
		}

	hook connection_seen(c, is_new, is_over);
	return is_new;
	}

## Adds to the rows what a connection tells: at once, or if that is no more than an earlier one has
## told, when the interval ends.
function look_at(c: connection, is_over: bool)
	{
	if ( ! is_plain(c, is_over) )
		{
		look_closely(c, is_over);
		return;
		}

	local orig = c$id$orig_h;
	local resp = c$id$resp_h;
	local p = c$id$resp_p;
	local outcome = outcome_of(c, is_over);
	local protocols = protocols_of(c);
	local version = c?$ssl && c$ssl?$version ? c$ssl$version : "";
	local kind = kinds[orig, resp, p, outcome, protocols, version];

	if ( kind$number > 0 && count_again(c, kind, is_over) )
		return;

	local limits = limits_met;
	touched = vector();
	met = F;

	# What met a limit is counted each time that it does.
	if ( ! look_closely(c, is_over)
	    || ! met
	    || kind$number > 0
	    || limits != limits_met )
		return;

	if ( |kinds| >= max_kinds )
		settle();

	local t = c$iomt_exposure;
	t$kind = ++kinds_made;
	kinds[orig, resp, p, outcome, protocols, version] = Kind($number=t$kind,
	    $rows=touched, $first=t$first, $last=t$last);
	}

## Looks at a connection that lasts, and again when it has lasted for a further interval.
function look_again(c: connection)
	{
	look_at(c, F);

	local t = track(c);
	t$again = c$duration + reporting_interval;
	ConnThreshold::set_duration_threshold(c, t$again);
	}

event conn_generic_packet_threshold_crossed(c: connection, threshold: count)
	{
	if ( threshold in milestones
	    && c$duration > hurry
	    && ( ! c?$iomt_exposure || c$iomt_exposure$again == 0sec ) )
		look_again(c);
	}

event ConnThreshold::duration_threshold_crossed(c: connection,
    threshold: interval, is_orig: bool)
	{
	if ( threshold == track(c)$again )
		look_again(c);
	}

event connection_state_remove(c: connection)
	{
	look_at(c, T);
	}
