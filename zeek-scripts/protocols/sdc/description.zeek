##! What medical devices tell of themselves over clear HTTP: their metadata, and the description of
##! their systems.

@load ../../frameworks/asset
@load ../../frameworks/body
@load ../../frameworks/xml
@load ./consts
@load ./main

module SDC;

## Whether a body's beginning is of an answer that describes a medical device.
function wants(head: string): bool
	{
	return /standards\.ieee\.org\/downloads\/11073\// in head
	    && /<([a-zA-Z0-9_.-]{1,40}:)?(Metadata|GetMdibResponse|GetMdDescriptionResponse)[ \t\r\n>]/ in head;
	}

function set_column(info: Info, column: string, element: Xml::Element)
	{
	local text = Asset::clean_value(element$text);

	switch ( column )
		{
		case "endpoint":
			info$endpoint = text;
			break;
		case "manufacturer":
			info$manufacturer = text;
			break;
		case "model_name":
			info$model_name = text;
			break;
		case "model_number":
			info$model_number = text;
			break;
		case "friendly_name":
			info$friendly_name = text;
			break;
		case "firmware_version":
			info$firmware_version = text;
			break;
		case "serial_number":
			info$serial_number = text;
			break;
		case "udi":
			info$udi = text;
			break;
		case "device_type":
			# Without a coding system it is the one of IEEE 11073.
			if ( "Code" in element$attributes
			    && /^[0-9]{1,10}$/ in element$attributes["Code"]
			    && ( "CodingSystem" !in element$attributes || /1\.2\.840\.10004\.1\.1\.1\.0\.0\.1$/ in element$attributes["CodingSystem"] ) )
				info$device_type = element$attributes["Code"];

			break;
		}
	}

## Tells what a description says, of the endpoint that it names or that answers at this port.
function end_description(c: connection, is_orig: bool, info: Info)
	{
	local side = is_orig ? c$id$orig_h : c$id$resp_h;
	local number = is_orig ? c$id$orig_p : c$id$resp_p;

	if ( ! info?$endpoint && [side, number] in endpoints )
		info$endpoint = endpoints[side, number];

	tell(c, is_orig, info);
	}

function read(c: connection, is_orig: bool, body: string)
	{
	local info = new_info(c, "metadata");
	# Texts may follow in other languages: the first is the device's own.
	local filled: set[string];

	for ( _, element in Xml::find(body, description) )
		{
		if ( element$ends )
			{
			# Each system of a description is told by itself.
			info$message = "mdib";

			if ( |filled| > 0 )
				end_description(c, is_orig, info);

			info = new_info(c, "mdib");
			filled = set();
			next;
			}

		local column = columns[element$path];

		if ( column !in filled )
			{
			set_column(info, column, element);
			add filled[column];
			}
		}

	# A list of services tells nothing by its endpoint alone.
	delete filled["endpoint"];

	if ( |filled| > 0 )
		end_description(c, is_orig, info);
	}

event zeek_init()
	{
	Body::register(Body::Reader($subtypes=set("soap+xml"), $wants=wants,
	    $read=read));
	}
