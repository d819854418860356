##! The software that both sides of an SSH connection announce.

@load base/protocols/ssh
@load ./local

module Evidence;

event ssh_server_version(c: connection, version: string)
	{
	tell(c, F, "ssh.server_banner", version);
	}

event ssh_client_version(c: connection, version: string)
	{
	tell(c, T, "ssh.client_banner", version);
	}
