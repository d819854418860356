##! Hosts that show themselves by a greeting or by broadcasts, without a layout that is public: who
##! it is, and the greeting's first printable line.

@load base/protocols/ftp
@load ./local

@load-sigs ./banner.sig

module Evidence;

export {
	## What the signature of broadcasts evaluates.
	##
	## Returns: always T.
	global presence: function(state: signature_state, data: string): bool;

	## The first line of a greeting, if it is printable and asks for no name; else the empty
	## string.
	global first_line: function(text: string): string;
}

# Beyond it a greeting is no more one of a device.
const longest_line = 128;

const broadcasts: set[subnet] = {
	255.255.255.255/32,
	224.0.0.0/4,
};

function first_line(text: string): string
	{
	for ( _, line in split_string_n(text, /[\r\n]+/, F, 8) )
		{
		local stripped = strip(line);

		if ( stripped == "" )
			next;

		if ( |stripped| > longest_line
		    || /[^\x20-\x7e]|[Ll]ogin:|[Uu]ser ?(name)?:|[Pp]assword/ in stripped )
			return "";

		return stripped;
		}

	return "";
	}

## Whether an address is one that all on a link listen to.
function is_broadcast(host: addr): bool
	{
	return host in broadcasts
	    || ( is_v4_addr(host) && addr_to_counts(host)[0] % 256 == 255 );
	}

function presence(state: signature_state, data: string): bool
	{
	local c = state$conn;
	local host = c$id$orig_h;

	if ( ! state$is_orig || ! is_v4_addr(host) || ! is_broadcast(c$id$resp_h) )
		return T;

	if ( c$id$resp_p == 3613/udp )
		{
		tell(c, T, "banner.presence", "alaris-disc 3613/udp");
		return T;
		}

	# A Unity node names its own address: in frames of a fixed size for the time, anywhere else.
	local own = hexstr_to_bytestring(fmt("%08x", addr_to_counts(host)[0]));
	local at = strstr(data, own);

	if ( c$id$resp_p == 7000/udp && at > 0 )
		tell(c, T, "banner.presence", "unity 7000/udp");
	else if ( c$id$resp_p == 2000/udp && |data| == 106 && ( at == 7 || at == 8 ) )
		tell(c, T, "banner.presence", "unity 2000/udp");

	return T;
	}

# A server's first words, before anybody has said who he is.
event ftp_reply(c: connection, code: count, msg: string, cont_resp: bool)
	{
	if ( code == 220 )
		tell(c, F, "ftp.banner", first_line(msg));
	}
