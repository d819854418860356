##! What hosts announce to the network's browsers in NetBIOS datagrams (MS-BRWS): their name, the
##! version of their system and what they are. The comment is free text and is never looked at, nor is
##! any other mailslot, since log-ons name users.

@load ./netbios

module Evidence;

redef udp_content_ports += {138/udp};

redef Asset::host_name_fields += {"netbios.browser_name"};

# The bits of an announcement, by their place, as MS-BRWS 2.2.1 names them.
const browser_roles = vector("workstation", "server", "sql_server",
    "domain_controller", "backup_domain_controller", "time_source",
    "apple_file_server", "novell", "domain_member", "print_server",
    "dial_in_server", "unix_server", "nt_workstation", "windows_for_workgroups",
    "netware_file_server", "nt_server", "potential_browser", "backup_browser",
    "master_browser", "domain_master_browser", "osf", "vms", "windows_95",
    "dfs", "cluster", "terminal_server", "virtual_cluster", "dce");

const HOST_ANNOUNCEMENT = "\x01";
const LOCAL_MASTER_ANNOUNCEMENT = "\x0f";
const DOMAIN_ANNOUNCEMENT = "\x0c";

# A datagram's header with both names (RFC 1002, 4.4), SMB's header, and the parameters of a
# transaction with the three words of a mailslot.
const browser_smb_at = 82;
const smb_parameters_at = 32;
const mailslot_at = 69;
const mailslot = "\\MAILSLOT\\BROWSE\x00";
const smb_transaction = "\xffSMB\x25";

## A number with its least byte first.
function little(bytes: string): count
	{
	return bytestring_to_count(bytes, T);
	}

## The browsers' message in an SMB transaction; the empty string if there is none.
function browser_message(smb: string): string
	{
	if ( |smb| < mailslot_at + |mailslot|
	    || smb[0:5] != smb_transaction
	    || smb[smb_parameters_at] != "\x11"
	    || to_upper(smb[mailslot_at : mailslot_at + |mailslot|]) != mailslot )
		return "";

	local len = little(smb[smb_parameters_at + 23 : smb_parameters_at + 25]);
	local at = little(smb[smb_parameters_at + 25 : smb_parameters_at + 27]);

	if ( at < mailslot_at || at + len > |smb| )
		return "";

	return smb[at : at + len];
	}

## A host says what it is.
function tell_announcement(u: connection, is_orig: bool, message: string)
	{
	# The name is of up to 15 characters and their end.
	local name = split_string1(message[6:22], /\x00/)[0];

	if ( /[\x21-\x7e][\x20-\x7e]*/ != name )
		return;

	tell(u, is_orig, "netbios.browser_name", name);
	tell(u, is_orig, "netbios.browser_os_version", fmt("%d.%d",
	    bytestring_to_count(message[22]), bytestring_to_count(
	    message[23])));

	local bits = little(message[24:28]);

	for ( _, role in browser_roles )
		{
		if ( bits % 2 == 1 )
			tell(u, is_orig, "netbios.browser_role", role);

		bits = bits / 2;
		}
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	# A datagram to one name, a group's or all, whole in this packet.
	if ( u$id$resp_p != 138/udp
	    || |contents| < browser_smb_at + mailslot_at
	    || /[\x10-\x12]/ != contents[0]
	    || bytestring_to_count(contents[1]) % 4 != 2
	    || contents[14] != " "
	    || contents[47] != "\x00"
	    || /[A-P]{32}/ != contents[15:47] )
		return;

	# Some pass on the datagrams of others.
	if ( raw_bytes_to_v4_addr(contents[4:8]) != ( is_orig ? u$id$orig_h :
	    u$id$resp_h ) )
		return;

	local message = browser_message(contents[browser_smb_at:]);

	if ( |message| < 32 )
		return;

	switch ( message[0] )
		{
		case HOST_ANNOUNCEMENT, LOCAL_MASTER_ANNOUNCEMENT:
			tell_announcement(u, is_orig, message);
			break;
		case DOMAIN_ANNOUNCEMENT:
			tell_netbios(u, is_orig, message[6:21], "\x00", T);
			break;
		}
	}
