##! Computers that get Kerberos tickets for themselves. Any other principal may be a user's and is
##! never told.

@load base/protocols/krb
@load ./local

module Evidence;

# A computer's account ends in a dollar sign; the principal of a host's services begins so. The
# realm, if it stands behind, is no part of it.
const computer_account = /[^\/@ ]+\$(\/.*|@.*)?/;
const host_principal = /host\/[^\/@ ]+([\/@].*)?/;

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
