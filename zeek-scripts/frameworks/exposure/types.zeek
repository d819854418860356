##! A row of iomt_exposure.log, and what it is gathered in until the interval ends.

module Exposure;

export {
	## What was seen of a host in one interval.
	type Info: record {
		## When it was written: the end of the interval.
		ts: time &log;
		## When it was first seen in the interval.
		first: time &log;
		## When it was last seen in the interval.
		last: time &log;
		## The host that it is about; 0.0.0.0 is the sensor itself.
		host: addr &log;
		## The host's own hardware address; only given with proof from the link.
		mac: string &log &optional;
		## service, peers, auth, uses or coverage.
		kind: string &log;
		## The transport protocol.
		proto: transport_proto &log &optional;
		## The host's port. It is written as ``port``, which is no name in a script.
		num: count &log &optional;
		## What is spoken there, as far as it was recognised; several joined by commas.
		service: string &log &optional;
		## accepted, refused or unanswered.
		state: string &log &optional;
		## Who refused: device or network; absent where that cannot be told.
		by: string &log &optional;
		## How many connections. It is written as ``count``, which is no name in a script.
		n: count &log;
		## How many different addresses called.
		clients: count &log &optional;
		## Their addresses, or if there are more than 16 their prefixes.
		peers: vector of string &log &optional;
		## What is told, where the other columns do not say it.
		value: string &log &optional;
		## How many bytes of its connections were not captured.
		missed_bytes: count &log &optional;
	};

	## What is gathered for a row.
	type Row: record {
		first: time;
		last: time;
		n: count &default=0;
		missed: count &default=0;
		services: set[string] &default=set();
		## The other side's addresses, and the prefixes of those beyond the limit.
		addrs: set[addr] &default=set();
		prefixes: set[subnet] &default=set();
	};

	## What is gathered of a host.
	type Host: record {
		## Whether it has sent anything, so that it is there.
		alive: bool &default=F;
		## What nearly every connection adds to: these become rows when the interval ends.
		flows: Row &optional;
		relations: table[string] of Row &default=table();
		accepted: table[port] of Row &default=table();
		## By kind, state, by, port and value.
		rows: table[string, string, string, port, string] of Row &default=table();
	};
}
