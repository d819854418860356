##! How remote desktops and file servers authenticate: RDP with or without network level
##! authentication, dialect and signing of SMB.

@load base/protocols/rdp
@load base/protocols/smb
@load ./auth

module Exposure;

# MS-RDPBCGR 2.2.1.2.1 and 2.2.1.2.2; CredSSP is network level authentication.
const rdp_protocols: table[count] of string = {
	[0] = "rdp_standard",
	[1] = "rdp_tls",
	[2] = "rdp_nla",
	[4] = "rdp_rdstls",
	[8] = "rdp_nla",
	[16] = "rdp_aad",
};

const rdp_demands: table[count] of string = {
	[1] = "rdp_tls",
	[5] = "rdp_nla",
};

# MS-SMB2 2.2.4.
const smb2_dialects: table[count] of string = {
	[0x0202] = "smb_2.0.2",
	[0x0210] = "smb_2.1",
	[0x0300] = "smb_3.0",
	[0x0302] = "smb_3.0.2",
	[0x0311] = "smb_3.1.1",
};

event rdp_negotiation_response(c: connection, security_protocol: count)
	{
	if ( security_protocol in rdp_protocols )
		tell_auth(c, "rdp", rdp_protocols[security_protocol]);
	}

event rdp_negotiation_failure(c: connection, failure_code: count)
	{
	if ( failure_code in rdp_demands )
		tell_auth(c, "rdp", rdp_demands[failure_code]);
	}

function tell_signing(c: connection, is_required: bool, is_enabled: bool)
	{
	tell_auth(c, "smb", is_required ? "smb_signing_required" : ( is_enabled ?
	    "smb_signing_optional" : "smb_signing_off" ));
	}

event smb2_negotiate_response(c: connection, hdr: SMB2::Header,
    response: SMB2::NegotiateResponse)
	{
	# The wildcard that answers an SMB1 request is negotiated again.
	if ( response$dialect_revision !in smb2_dialects )
		return;

	tell_auth(c, "smb", smb2_dialects[response$dialect_revision]);
	tell_signing(c, ( response$security_mode & 2 ) != 0, ( response$security_mode & 1 ) !=
	    0);
	}

event smb2_session_setup_response(c: connection, hdr: SMB2::Header,
    response: SMB2::SessionSetupResponse)
	{
	if ( response$flags$guest )
		tell_auth(c, "smb", "guest");
	else if ( response$flags$anonymous )
		tell_auth(c, "smb", "anonymous");
	}

event smb1_negotiate_response(c: connection, hdr: SMB1::Header,
    response: SMB1::NegotiateResponse)
	{
	if ( ! response?$ntlm )
		return;

	local mode = response$ntlm$security_mode;
	tell_auth(c, "smb", "smb_1");
	tell_signing(c, mode?$signatures_required
	    && mode$signatures_required, mode?$signatures_enabled
	    && mode$signatures_enabled);

	if ( ! mode$challenge_response )
		tell_auth(c, "smb", clear);
	}
