##! Gathers what becomes the rows of the interval, by host.

@load base/utils/site
@load ../asset
@load ./limits
@load ./types

module Exposure;

## The port of rows that have none.
const no_port = 0/unknown;

## The host of rows that are about the sensor.
const sensor = 0.0.0.0;

global hosts: table[addr] of Host;

# How many hosts of the table are not alive.
global silent_hosts = 0;

## Whether rows are written about an address: one of ours.
function is_ours(host: addr): bool
	{
	# Nothing is gathered of others. Between two intervals' rows the sensor is there, too.
	if ( host in hosts )
		return host != sensor;

	return ( Site::is_local_addr(host) || Site::is_private_addr(host) )
	    && Asset::is_host(host);
	}

## What is gathered of a host, or if there is no room for it something that goes nowhere.
function host_of(host: addr, alive: bool): Host
	{
	if ( host in hosts )
		{
		local seen = hosts[host];

		if ( alive && ! seen$alive )
			{
			seen$alive = T;
			--silent_hosts;
			}

		return seen;
		}

	if ( |hosts| >= max_hosts )
		drop_row("max_hosts", sensor, fmt(
		    "More than %d hosts were seen: further hosts are not logged",
		    max_hosts));
	else if ( ! alive && silent_hosts >= max_silent_hosts )
		drop_row("max_silent_hosts", sensor, fmt("More than %d hosts were called and silent: further ones are not logged",
		    max_silent_hosts));
	else
		{
		hosts[host] = Host($alive=alive);

		if ( ! alive )
			++silent_hosts;

		return hosts[host];
		}

	return Host($alive=alive);
	}

## A row was seen from *first* to *last*.
function extend(row: Row, first: time, last: time)
	{
	if ( first < row$first )
		row$first = first;

	if ( last > row$last )
		row$last = last;
	}

## The row of a service that a host accepts, by its port alone: most connections come by here.
function accepted_row(seen: Host, p: port, first: time, last: time): Row
	{
	if ( p !in seen$accepted )
		seen$accepted[p] = Row($first=first, $last=last);

	local row = seen$accepted[p];
	extend(row, first, last);
	return row;
	}

## A row of a host, seen from *first* to *last*. The rows beyond a host's limit are one; what it did
## not accept may fill half, so that no scan hides anything else.
function row_of(host: addr, seen: Host, kind: string, state: string, by: string,
    p: port, value: string, first: time, last: time): Row
	{
	if ( state == "accepted"
	    && kind == "service"
	    && value == ""
	    && ( p in seen$accepted || |seen$accepted| < max_rows ) )
		return accepted_row(seen, p, first, last);

	local at = p;
	local what = value;

	if ( [kind, state, by, p, value] !in seen$rows )
		{
		if ( |seen$rows| >= ( kind == "service" ? max_rows / 2 : max_rows ) )
			{
			drop_row("max_rows", host, fmt(
			    "More than %d rows about %s: further ones are joined",
			    max_rows, host));
			at = no_port;
			what = "other";
			}

		if ( [kind, state, by, at, what] !in seen$rows )
			seen$rows[kind, state, by, at, what] = Row($first=first, $last=last);
		}

	local row = seen$rows[kind, state, by, at, what];
	extend(row, first, last);
	return row;
	}

## Counts an event of now.
function count_event(host: addr, kind: string, state: string, p: port,
    value: string): Row
	{
	local now = network_time();
	local row = row_of(host, host_of(host, T), kind, state, "", p, value, now,
	    now);
	++row$n;
	return row;
	}

## Turns what nearly every connection adds to into rows like the others.
function pack(seen: Host)
	{
	if ( seen?$flows )
		seen$rows["coverage", "", "", no_port, "flows"] = seen$flows;

	for ( relation, peers in seen$relations )
		seen$rows["peers", "", "", no_port, relation] = peers;

	for ( p, service in seen$accepted )
		seen$rows["service", "accepted", "", p, ""] = service;

	delete seen$flows;
	delete seen$relations;
	delete seen$accepted;
	}

function forget_all()
	{
	hosts = table();
	silent_hosts = 0;
	}
