##! What certificates say of the hosts that present them. A client's may be a person's, so of its
##! names only those count that are host names.

@load base/protocols/ssl
@load ./local

module Evidence;

export {
	## The most names of a certificate that are told.
	option max_certificate_names = 16;
}

# Mail addresses, given names and user identifiers are persons'.
const subject_attributes: set[string] = {
	"C",
	"DC",
	"L",
	"O",
	"OU",
	"ST",
	"serialNumber"
};

# Commas and plus signs within a value are escaped.
const dn_part = /([^,+\\]|\\.)+/;

global presented: set[addr, string] &create_expire=Asset::reporting_interval;

function unescaped(value: string): string
	{
	return gsub(value, /\\/, "");
	}

## The wanted attributes of a subject, without the common name.
function organisation(subject: string): string
	{
	local parts: vector of string = vector();

	for ( _, part in find_all_ordered(subject, dn_part) )
		if ( split_string1(part, /=/)[0] in subject_attributes )
			parts += part;

	return unescaped(join_string_vec(parts, ","));
	}

## One attribute of a name; the empty string if it has none.
function attribute(name: string, key: string): string
	{
	for ( _, part in find_all_ordered(name, dn_part) )
		if ( starts_with(part, key + "=") )
			return unescaped(part[|key| + 1 :]);

	return "";
	}

## The day of a time, in UTC wherever the sensor stands: strftime() would tell the local one.
function day_of(t: time): string
	{
	# Days since 1 March of the year 0, in eras of 400 years that are all alike.
	local days = double_to_count(time_to_double(t)) / 86400 + 719468;
	local in_era = days % 146097;
	local year = ( in_era - in_era / 1460 + in_era / 36524 - in_era / 146096 ) /
	    365;
	local in_year = in_era - ( 365 * year + year / 4 - year / 100 );
	local month = ( 5 * in_year + 2 ) / 153;
	local day = in_year - ( 153 * month + 2 ) / 5 + 1;

	year += days / 146097 * 400 + ( month < 10 ? 0 : 1 );
	return fmt("%04d-%02d-%02d", year, month < 10 ? month + 3 : month - 9, day);
	}

function tell_server(c: connection, x: X509::Info, names: string_vec)
	{
	tell(c, F, "tls.not_after", day_of(x$certificate$not_valid_after));
	tell(c, F, "tls.subject", organisation(x$certificate$subject));
	tell(c, F, "tls.issuer_organization", attribute(x$certificate$issuer, "O"));

	# Mail addresses and the like stand for persons.
	local common_name = attribute(x$certificate$subject, "CN");

	if ( "@" !in common_name )
		tell(c, F, "tls.common_name", common_name);

	for ( i, name in names )
		if ( i < max_certificate_names )
			tell(c, F, "tls.name", name);
	}

function tell_client(c: connection, x: X509::Info, names: string_vec)
	{
	local common_name = attribute(x$certificate$subject, "CN");

	tell(c, T, "tls.client_subject", organisation(x$certificate$subject));
	tell(c, T, "tls.client_issuer_organization", attribute(x$certificate$issuer,
	    "O"));

	for ( i, name in names )
		{
		if ( i < max_certificate_names )
			tell(c, T, "tls.client_name", name);

		if ( name == common_name )
			tell(c, T, "tls.client_common_name", common_name);
		}
	}

function look_at_certificate(c: connection, is_orig: bool, chain: vector of
    Files::Info)
	{
	if ( |chain| == 0
	    || ! chain[0]?$x509
	    || ! is_local(is_orig ? c$id$orig_h : c$id$resp_h) )
		return;

	local x = chain[0]$x509;
	local host = is_orig ? c$id$orig_h : c$id$resp_h;

	if ( [host, x$fingerprint] in presented )
		return;

	if ( |presented| < Asset::max_hosts )
		add presented[host, x$fingerprint];

	local names: string_vec = vector();

	if ( x?$san && x$san?$dns )
		names = x$san$dns;

	if ( is_orig )
		tell_client(c, x, names);
	else
		tell_server(c, x, names);
	}

hook SSL::ssl_finishing(c: connection)
	{
	if ( c$ssl?$cert_chain )
		look_at_certificate(c, F, c$ssl$cert_chain);

	if ( c$ssl?$client_cert_chain )
		look_at_certificate(c, T, c$ssl$client_cert_chain);
	}

# Fingerprints of a client's hello are told where a package that was loaded before makes them.
@ifdef ( JA3::LOG )
event SSL::log_ssl(rec: SSL::Info) &priority=1
	{
	if ( rec?$ja3 && is_local(rec$id$orig_h) )
		Asset::host_observed(rec$id$orig_h, "ja3.client_hello", rec$ja3, rec$uid);
	}
@endif

@ifdef ( FINGERPRINT::JA4::LOG )
event SSL::log_ssl(rec: SSL::Info) &priority=2
	{
	if ( is_local(rec$id$orig_h) )
		Asset::host_observed(rec$id$orig_h, "ja4.client_hello", rec$ja4, rec$uid);
	}
@endif
