##! Which elements of SOAP messages are looked at, and by what names.

@load ../../frameworks/xml

module SDC;

export {
	## The versions of a namespace share a short name.
	const namespaces: table[string] of string = {
		["http://www.w3.org/2003/05/soap-envelope"] = "s12",
		["http://www.w3.org/2005/08/addressing"] = "wsa",
		["http://schemas.xmlsoap.org/ws/2004/08/addressing"] = "wsa",
		["http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01"] = "wsd",
		["http://schemas.xmlsoap.org/ws/2005/04/discovery"] = "wsd",
		["http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01"] = "dpws",
		["http://schemas.xmlsoap.org/ws/2006/02/devprof"] = "dpws",
		["http://schemas.xmlsoap.org/ws/2004/09/mex"] = "wsx",
		["http://standards.ieee.org/downloads/11073/11073-20702-2016"] = "mdpws",
		["http://standards.ieee.org/downloads/11073/11073-10207-2017/message"] =
		    "msg",
		["http://standards.ieee.org/downloads/11073/11073-10207-2017/participant"] =
		    "pm",
	};

	## What WS-Discovery says of one endpoint each, by the message that it stands for.
	const announcements: table[string] of string = {
		["/s12:Envelope/s12:Body/wsd:Hello"] = "hello",
		["/s12:Envelope/s12:Body/wsd:Probe"] = "probe",
		["/s12:Envelope/s12:Body/wsd:ProbeMatches/wsd:ProbeMatch"] = "probe_match",
		["/s12:Envelope/s12:Body/wsd:ResolveMatches/wsd:ResolveMatch"] =
		    "resolve_match",
	};

	## Where a device describes its model, itself and its endpoint.
	const metadata = "/s12:Envelope/s12:Body/wsx:Metadata/wsx:MetadataSection/";

	## Where the description of a system begins.
	const systems: set[string] = {
		"/s12:Envelope/s12:Body/msg:GetMdibResponse/msg:Mdib/pm:MdDescription/pm:Mds",
		"/s12:Envelope/s12:Body/msg:GetMdDescriptionResponse/msg:MdDescription/pm:Mds",
	};

	## The components of a system that are told apart, by their place in its description.
	const components: table[string] of string = {
		[""] = "",
		["/pm:Vmd"] = "vmd",
		["/pm:Vmd/pm:Channel"] = "channel",
	};

	## What a production specification states, by its type in the nomenclature.
	const specifications: table[string] of string = {
		["531969"] = "model_number",
		["531970"] = "manufacturer",
		["531972"] = "serial_number",
		["531973"] = "part_number",
		["531974"] = "hardware_versions",
		["531975"] = "software_versions",
		["531976"] = "firmware_versions",
	};

	## The parts of a scope that say where a device stands.
	const places: vector of string = vector("fac", "bldng", "flr", "poc", "rm",
	    "bed");

	## All that is read of a datagram. The body of a probe names what is looked for.
	global discovery: Xml::Wanted = Xml::Wanted($namespaces=namespaces,
	    $paths=set(), $groups=set());

	## All that is read of an HTTP body.
	global description: Xml::Wanted = Xml::Wanted($namespaces=namespaces,
	    $paths=set(), $groups=set());

	## Which column the text of a description's element goes to, or ``specification`` and its
	## ``specification_type``.
	global columns: table[string] of string;

	## Which component of a system an element is about, or ends.
	global component_of: table[string] of string;
}

event zeek_init() &priority=10
	{
	for ( path in announcements )
		{
		add discovery$groups[path];
		add discovery$paths[path + "/wsa:EndpointReference/wsa:Address"];
		add discovery$paths[path + "/wsd:Types"];
		add discovery$paths[path + "/wsd:Scopes"];
		add discovery$paths[path + "/wsd:XAddrs"];
		}

	columns[metadata + "dpws:ThisModel/dpws:Manufacturer"] = "manufacturer";
	columns[metadata + "dpws:ThisModel/dpws:ModelName"] = "model_name";
	columns[metadata + "dpws:ThisModel/dpws:ModelNumber"] = "model_number";
	columns[metadata + "dpws:ThisDevice/dpws:FriendlyName"] = "friendly_name";
	columns[metadata + "dpws:ThisDevice/dpws:FirmwareVersion"] =
	    "firmware_version";
	columns[metadata + "dpws:ThisDevice/dpws:SerialNumber"] = "serial_number";
	columns[metadata +
	    "dpws:Relationship/dpws:Host/wsa:EndpointReference/wsa:Address"] =
	    "endpoint";

	for ( mds in systems )
		{
		for ( within, component in components )
			{
			local at = mds + within;
			add description$groups[at];
			component_of[at] = component;
			columns[at + "/pm:Type"] = "device_type";
			component_of[at + "/pm:Type"] = component;
			at += "/pm:ProductionSpecification";
			columns[at + "/pm:SpecType"] = "specification_type";
			columns[at + "/pm:ProductionSpec"] = "specification";
			component_of[at + "/pm:ProductionSpec"] = component;
			}

		columns[mds + "/pm:MetaData/pm:Udi/pm:DeviceIdentifier"] =
		    "device_identifier";
		columns[mds + "/pm:MetaData/pm:Udi/pm:HumanReadableForm"] = "udi";
		columns[mds + "/pm:MetaData/pm:LotNumber"] = "lot_number";
		columns[mds + "/pm:MetaData/pm:Manufacturer"] = "manufacturer";
		columns[mds + "/pm:MetaData/pm:ModelName"] = "model_name";
		columns[mds + "/pm:MetaData/pm:ModelNumber"] = "model_number";
		columns[mds + "/pm:MetaData/pm:SerialNumber"] = "serial_number";
		}

	for ( path, column in columns )
		add description$paths[path];
	}
