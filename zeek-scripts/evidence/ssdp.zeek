##! What UPnP devices announce by SSDP, and what their descriptions say when somebody fetches them.
##! Where a description lies is never looked at.

@load base/frameworks/files
@load base/protocols/http
@load ./local

module Evidence;

redef udp_content_ports += {1900/udp};

const ssdp_start =
    /(NOTIFY \* HTTP\/1\.[01]|M-SEARCH \* HTTP\/1\.[01]|HTTP\/1\.[01] 200( .*)?)/;
const max_ssdp_bytes = 2048;
const max_ssdp_lines = 40;
const udn = /uuid:[A-Za-z0-9_.-]+/;

# Elements of the root device; those of embedded devices and of services stand behind.
const upnp_fields: table[string] of string = {
	["manufacturer"] = "upnp.manufacturer",
	["modelName"] = "upnp.model_name",
	["modelNumber"] = "upnp.model_number",
	["modelDescription"] = "upnp.model_description",
	["serialNumber"] = "upnp.serial_number",
	["deviceType"] = "upnp.device_type",
	["UDN"] = "upnp.udn",
};

const upnp_device = /urn:schemas-upnp-org:device-1-/;
const upnp_element = /<[A-Za-z]+>[^<>]*<\/[A-Za-z]+>/;
const max_upnp_elements = 64;

function tell_ssdp(u: connection, is_orig: bool, name: string, value: string)
	{
	switch ( name )
		{
		case "server":
			tell(u, is_orig, "ssdp.server", value);
			break;
		case "st", "nt":
			if ( /^urn:[^ ]*:device:/ in value )
				tell(u, is_orig, "ssdp.device_type", value);
			break;
		case "usn":
			local found = match_pattern(value, udn);

			if ( found$matched )
				tell(u, is_orig, "ssdp.usn", found$str);
			break;
		}
	}

event udp_contents(u: connection, is_orig: bool, contents: string)
	{
	if ( u$id$resp_p != 1900/udp && u$id$orig_p != 1900/udp )
		return;

	local text_part = |contents| > max_ssdp_bytes ? contents[:max_ssdp_bytes] :
	    contents;
	local lines = split_string_n(text_part, /\r?\n/, F, max_ssdp_lines);

	if ( ssdp_start != lines[0] )
		return;

	# What a searcher is looking for is not what it is.
	local searches = starts_with(lines[0], "M-SEARCH");

	for ( i, line in lines )
		{
		local words = split_string1(line, /:/);

		if ( i == 0 || |words| != 2 )
			next;

		local name = to_lower(strip(words[0]));

		if ( ! searches )
			tell_ssdp(u, is_orig, name, strip(words[1]));
		else if ( name == "user-agent" )
			tell(u, is_orig, "ssdp.user_agent", strip(words[1]));
		}
	}

## Turns the five entities of XML into what they stand for.
function plain(value: string): string
	{
	if ( "&" !in value )
		return value;

	local text_value = gsub(gsub(value, /&lt;/, "<"), /&gt;/, ">");
	text_value = gsub(gsub(text_value, /&quot;/, "\""), /&apos;/, "'");
	return gsub(text_value, /&amp;/, "&");
	}

function tell_description(c: connection, description: string)
	{
	local told: set[string] = set();

	for ( i, element in find_all_ordered(description, upnp_element) )
		{
		local parts = split_string(element, /[<>]/);
		local name = parts[1];

		# The first of a name is the root device's.
		if ( i >= max_upnp_elements || name in told || parts[3] != "/" + name )
			next;

		add told[name];

		if ( name in upnp_fields )
			tell(c, F, upnp_fields[name], plain(parts[2]));
		}
	}

# The beginning of a file is at hand without asking for its content; it has the root device's name.
event file_sniff(f: fa_file, meta: fa_metadata)
	{
	if ( f$source != "HTTP"
	    || f$is_orig
	    || ! f?$bof_buffer
	    || ! f?$conns
	    || ! meta?$mime_type
	    || "xml" !in meta$mime_type
	    || upnp_device !in f$bof_buffer )
		return;

	for ( _, c in f$conns )
		tell_description(c, f$bof_buffer);
	}
