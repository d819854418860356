##! What the other frameworks know of hosts and connections.

@load ../asset
@load ../stream

module Asset;

export {
	## The hardware address that is proven to be a host's own, or the empty string.
	global host_mac: function(host: addr): string;
}

function host_mac(host: addr): string
	{
	return proven_mac(host);
	}

module Stream;

export {
	## The name of the dissector that recognised a connection, or the empty string.
	global recognised: function(c: connection): string;
}

function recognised(c: connection): string
	{
	if ( ! c?$iomt_stream || ! c$iomt_stream?$dissector )
		return "";

	return dissectors[c$iomt_stream$dissector]$name;
	}
