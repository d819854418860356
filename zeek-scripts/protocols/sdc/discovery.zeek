##! What WS-Discovery announces of medical devices.

@load ../../frameworks/asset
@load ../../frameworks/xml
@load ./consts
@load ./main

module SDC;

export {
	## What the signature evaluates.
	##
	## Returns: always T.
	global answer: function(state: signature_state, data: string): bool;
}

redef udp_content_ports += {3702/udp};

## The place in a location scope: known parts of its query, the wider ones first.
function place(scope: string): string
	{
	local parts: table[string] of string;
	local found: vector of string;
	local query = split_string1(scope, /\?/);

	if ( |query| < 2 )
		return "";

	for ( _, pair in split_string_n(query[1], /&/, F, 16) )
		{
		local both = split_string1(pair, /=/);

		if ( |both| == 2 )
			parts[to_lower(both[0])] = Asset::clean_value(unescape_URI(both[1]));
		}

	for ( _, name in places )
		if ( name in parts && parts[name] != "" )
			found += parts[name];

	return join_string_vec(found, "/");
	}

## Reads the scopes that say what kind of device it is and where it stands. Another kind of scope
## names the patient.
##
## Returns: whether there is one that only medical devices have.
function read_scopes(info: Info, scopes: string): bool
	{
	local medical = F;

	for ( _, scope in split_string_n(scopes, /[ \t\r\n]+/, F, 64) )
		{
		if ( /^sdc\./ in scope )
			medical = T;

		if ( /^sdc\.cdc\.type:\/(urn%3Aoid%3A1\.2\.840\.10004\.1\.1\.1\.0\.0\.1)?\/[^\/]*\/[0-9]{1,10}$/
		    == scope )
			{
			local segments = split_string(scope, /\//);
			info$device_type = segments[|segments| - 1];
			}
		else if ( /^sdc\.ctxt\.loc:/ in scope )
			{
			local location = place(scope);

			if ( location != "" )
				info$location = location;
			}
		}

	return medical;
	}

## Remembers which endpoint answers at the sender's own addresses.
function remember_endpoint(info: Info, sender: addr, urls: string)
	{
	for ( _, url in split_string_n(urls, /[ \t\r\n]+/, F, 8) )
		{
		local parts = split_string_n(url, /:\/\/|\//, F, 3);

		if ( |parts| < 2 || /^https?$/ != parts[0] )
			next;

		local number = find_last(parts[1], /:[0-9]{1,5}$/);
		local host = parts[1][: |parts[1]| - |number|];
		local hosts = extract_ip_addresses(host);

		if ( number == "" || |hosts| != 1 || to_addr(hosts[0]) != sender )
			next;

		add_endpoint(sender, count_to_port(to_count(number[1:]), tcp), info$endpoint);
		}
	}

## Whether a message can be about a medical device.
function looks_medical(data: string): bool
	{
	return /11073-20702-2016|sdc\.(mds\.pkp|cdc\.type|ctxt\.loc)/ in data;
	}

## Reads a WS-Discovery message, which may tell of several endpoints.
function read_discovery(c: connection, is_orig: bool, data: string)
	{
	local info = new_info(c, "");
	local medical = F;
	local urls = "";

	for ( _, element in Xml::find(data, discovery) )
		{
		if ( element$ends )
			{
			info$message = announcements[element$path];

			if ( medical && info$message == "probe" )
				{
				write(info);
				Asset::observed(c, is_orig, "sdc.role", "consumer");
				}
			else if ( medical )
				{
				if ( info?$endpoint )
					remember_endpoint(info, is_orig ? c$id$orig_h : c$id$resp_h, urls);

				tell(c, is_orig, info);
				}

			info = new_info(c, "");
			medical = F;
			urls = "";
			}
		else if ( /wsa:Address$/ in element$path )
			info$endpoint = Asset::clean_value(element$text);
		else if ( /wsd:XAddrs$/ in element$path )
			urls = element$text;
		else if ( /wsd:Scopes$/ in element$path )
			medical = read_scopes(info, element$text) || medical;
		else
			for ( _, name in element$names )
				{
				# Types of unknown namespaces may be anything.
				if ( /^(dpws|mdpws):[A-Za-z]{1,40}$/ == name )
					info$types += name;

				if ( name == "mdpws:MedicalDevice" )
					medical = T;
				}
		}
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	# Network printers and Windows talk here, too.
	if ( ( u$id$resp_p == 3702/udp || u$id$orig_p == 3702/udp )
	    && looks_medical(contents) )
		read_discovery(u, is_orig, contents);
	}

function answer(state: signature_state, data: string): bool
	{
	if ( state$conn$id$orig_p != 3702/udp && looks_medical(data) )
		read_discovery(state$conn, state$is_orig, data);

	return T;
	}
