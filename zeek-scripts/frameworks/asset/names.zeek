##! Host names may be those of people's computers. What becomes of them is decided here, once, for
##! every claim whose field states one.

module Asset;

export {
	## What becomes of a host name.
	type NamePolicy: enum {
		## It is logged as it is.
		KEEP_NAMES,
		## Its hash is logged: the same name has the same hash in every protocol.
		HASH_NAMES,
		## The claim is not made.
		DROP_NAMES,
	};

	## What becomes of host names, in claims of :zeek:see:`Asset::host_name_fields`.
	option host_names = KEEP_NAMES;

	## Put before a name that is hashed, so that nobody without it can try out names.
	option host_name_salt = "";

	## The fields whose values are host names, or contain one.
	const host_name_fields: set[string] = {
		"dhcp.client_fqdn",
		"dhcp.client_id",
		"dhcp.host_name",
		"kerberos.host_name",
		"lldp.system_name",
		"mdns.host_name",
		"mdns.instance",
		"netbios.name",
		"ntlm.computer_name",
		"ntlm.dns_name",
		"rdp.client_name",
		"snmp.sys_name",
		"tls.client_common_name",
		"tls.client_name",
		"tls.common_name",
		"tls.name",
	} &redef;
}

## The value to be logged of a clean one; the empty string if there is to be no claim.
function name_as_allowed(field: string, value: string): string
	{
	if ( host_names == KEEP_NAMES || value == "" || field !in host_name_fields )
		return value;

	if ( host_names == DROP_NAMES )
		return "";

	return fmt("sha256:%s", sha256_hash(host_name_salt, to_lower(value))[:16]);
	}
