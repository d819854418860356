##! What a remote desktop's client calls itself. Cookies name users and are never looked at.

@load base/protocols/rdp
@load ./local

module Evidence;

event rdp_client_core_data(c: connection, data: RDP::ClientCoreData)
	{
	tell(c, T, "rdp.client_name", data$client_name);
	tell(c, T, "rdp.client_build", cat(data$client_build));
	}
