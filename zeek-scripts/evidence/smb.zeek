##! Names and operating systems in SMB, and in NTLM wherever that is spoken. Users are never looked
##! at.

@load base/protocols/ntlm
@load base/protocols/smb
@load ./local

module Evidence;

## Tells the release of the operating system that a side gives in NTLM.
function tell_build(c: connection, is_orig: bool, version: NTLM::Version)
	{
	if ( version$major > 0 )
		tell(c, is_orig, "ntlm.os_build", fmt("%d.%d.%d", version$major,
		    version$minor, version$build));
	}

event ntlm_negotiate(c: connection, negotiate: NTLM::Negotiate)
	{
	if ( negotiate?$workstation )
		tell(c, T, "ntlm.computer_name", negotiate$workstation);

	if ( negotiate?$version )
		tell_build(c, T, negotiate$version);
	}

event ntlm_challenge(c: connection, challenge: NTLM::Challenge)
	{
	if ( challenge?$version )
		tell_build(c, F, challenge$version);

	if ( ! challenge?$target_info )
		return;

	local info = challenge$target_info;
	tell(c, F, "ntlm.computer_name", info$nb_computer_name);
	tell(c, F, "ntlm.domain", info$nb_domain_name);

	if ( info?$dns_computer_name )
		tell(c, F, "ntlm.dns_name", info$dns_computer_name);
	}

event ntlm_authenticate(c: connection, request: NTLM::Authenticate)
	{
	if ( request?$workstation )
		tell(c, T, "ntlm.computer_name", request$workstation);

	if ( request?$version )
		tell_build(c, T, request$version);
	}

event smb1_session_setup_andx_request(c: connection, hdr: SMB1::Header,
    request: SMB1::SessionSetupAndXRequest)
	{
	tell(c, T, "smb.native_os", request$native_os);
	tell(c, T, "smb.native_lanman", request$native_lanman);
	}

event smb1_session_setup_andx_response(c: connection, hdr: SMB1::Header,
    response: SMB1::SessionSetupAndXResponse)
	{
	if ( response?$native_os )
		tell(c, F, "smb.native_os", response$native_os);

	if ( response?$native_lanman )
		tell(c, F, "smb.native_lanman", response$native_lanman);
	}
