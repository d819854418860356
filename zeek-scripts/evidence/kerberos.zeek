##! Computers that get Kerberos tickets for themselves, and those that prove to be the hosts that
##! tickets shown to them are made for. Any other principal may be a user's and is never told.

@load base/protocols/krb
@load ./local

module Evidence;

# A computer's account ends in a dollar sign; the principal of a host's services begins so. The
# realm, if it stands behind, is no part of it.
const computer_account = /[^\/@ ]+\$(\/.*|@.*)?/;
const host_principal = /host\/[^\/@ ]+([\/@].*)?/;

# Services whose principals name the host that they run on.
const host_services: set[string] = {
	"cifs",
	"dns",
	"host",
	"http",
	"ldap",
	"mssqlsvc",
	"nfs",
	"restrictedkrbhost",
	"termsrv",
};

redef Asset::host_name_fields += {"kerberos.service_host"};

redef record connection += {
	# Whom the ticket that was shown last is made for.
	iomt_ticket: string &optional;
};

event krb_as_request(c: connection, msg: KRB::KDC_Request)
	{
	if ( msg?$host_addrs )
		for ( _, address in msg$host_addrs )
			if ( address?$netbios )
				tell(c, T, "kerberos.host_name", address$netbios);

	if ( ! msg?$client_name )
		return;

	# Zeek joins the parts of a principal and its realm with slashes.
	if ( computer_account == msg$client_name )
		tell(c, T, "kerberos.host_name", sub(msg$client_name, /\$.*/, ""));
	else if ( host_principal == msg$client_name )
		tell(c, T, "kerberos.host_name", split_string(msg$client_name, /[\/@]/)[1]);
	}

event krb_ap_request(c: connection, ticket: KRB::Ticket, opts: KRB::AP_Options)
	{
	local parts = split_string(ticket$service_name, /[\/@:]/);

	if ( |parts| > 1
	    && to_lower(parts[0]) in host_services
	    && /[A-Za-z0-9._-]+/ == parts[1] )
		c$iomt_ticket = parts[1];
	else
		delete c$iomt_ticket;
	}

# Only who has the service's key can answer.
event krb_ap_response(c: connection)
	{
	if ( c?$iomt_ticket )
		tell(c, F, "kerberos.service_host", c$iomt_ticket);
	}
