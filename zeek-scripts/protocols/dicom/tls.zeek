##! DICOM over TLS, of which nothing but its beginning can be read. That a connection carries DICOM is
##! a fact where ALPN says so; the registered port is a hint, and told as one. The server's
##! certificate is told by evidence/ssl.zeek.

@load base/protocols/ssl
@load ../../frameworks/asset

module DICOM;

# What IANA has registered: the ALPN protocol, and the port of dicom-tls.
const alpn_protocol = "dicom";
const tls_port = 2762/tcp;

const host_name = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/;

redef record connection += {
	# What the client wants to speak is DICOM and nothing else.
	iomt_dicom_alpn: bool &optional;
};

event ssl_extension_application_layer_protocol_negotiation(c: connection,
    is_client: bool, protocols: string_vec)
	{
	local is_dicom = |protocols| == 1 && protocols[0] == alpn_protocol;

	# From TLS 1.3 on the server's choice cannot be read.
	if ( is_client && is_dicom )
		c$iomt_dicom_alpn = T;
	else if ( ! is_dicom )
		delete c$iomt_dicom_alpn;
	}

event ssl_established(c: connection)
	{
	local by_alpn = c?$iomt_dicom_alpn;

	if ( ! by_alpn && c$id$resp_p != tls_port )
		return;

	if ( by_alpn )
		{
		Asset::observed(c, T, "dicom.tls", "client by ALPN");
		Asset::observed(c, F, "dicom.tls", "server by ALPN");
		}
	else
		Asset::observed(c, F, "dicom.tls", "server, port hint");

	if ( c?$ssl
	    && c$ssl?$server_name
	    && host_name == c$ssl$server_name
	    && /[A-Za-z]/ in c$ssl$server_name )
		Asset::observed(c, F, "dicom.tls_server_name", c$ssl$server_name);
	}
