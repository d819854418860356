##! What HTTP clients and servers call themselves. Neither the URLs that are asked for nor
##! credentials are looked at, and URLs within a name are taken out.

@load base/protocols/http
@load ./local

module Evidence;

# As many requests of a connection are looked at for the client's name.
const max_http_requests = 5;

# A URL as robots write it, with the sign before and the brackets around it.
const url = /[ ;]*\(?\+?[A-Za-z0-9]+:\/\/[^ ;,)\x22]*\)?/;

function without_urls(value: string): string
	{
	# The whole value may be long: what is wanted stands at its beginning.
	local start = |value| > 512 ? value[:512] : value;
	return strstr(start, "://") == 0 ? start : gsub(start, url, "");
	}

## Tells one of a side's names for itself.
function tell_http(c: connection, is_orig: bool, field: string, value: string)
	{
	# A proxy passes on what others call themselves.
	if ( c?$http && c$http?$proxied )
		return;

	tell(c, is_orig, field, without_urls(value));
	}

## Tells the realm of a challenge.
function tell_realm(c: connection, challenge: string)
	{
	local start = |challenge| > 512 ? challenge[:512] : challenge;
	local found = match_pattern(start, /[rR][eE][aA][lL][mM]=\x22[^\x22]*\x22/);

	if ( found$matched )
		tell_http(c, F, "http.realm", found$str[7 : |found$str| - 1]);
	}

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
	{
	# Only now all headers were seen that tell of a proxy. A client keeps its name in a connection.
	if ( is_orig
	    && c?$http
	    && c$http$trans_depth <= max_http_requests
	    && c$http?$user_agent )
		tell_http(c, T, "http.user_agent", c$http$user_agent);
	}

event http_header(c: connection, is_orig: bool, name: string, value: string)
	{
	if ( is_orig )
		return;

	# What is asked of a proxy by its full URL is answered by somebody else.
	if ( name == "SERVER" )
		{
		if ( ! ( c?$http && c$http?$uri && /^[a-zA-Z]+:\/\// in c$http$uri ) )
			tell_http(c, F, "http.server", value);
		}
	else if ( name == "WWW-AUTHENTICATE" )
		tell_realm(c, value);
	}
