##! What medical devices tell of themselves over clear HTTP: their metadata, and the description of
##! their systems.

@load ../../frameworks/asset
@load ../../frameworks/body
@load ../../frameworks/xml
@load ./components
@load ./consts
@load ./main

module SDC;

# The most components of one body that are told of.
const most_components = 100;

## Whether a body's beginning is of an answer that describes a medical device.
function wants(head: string): bool
	{
	return /standards\.ieee\.org\/downloads\/11073\// in head
	    && /<([a-zA-Z0-9_.-]{1,40}:)?(Metadata|GetMdibResponse|GetMdDescriptionResponse)[ \t\r\n>]/ in head;
	}

## Tells what a description says, of the endpoint that it names or that answers at this port.
function end_description(c: connection, is_orig: bool, component: Component)
	{
	local info = component$info;
	local side = is_orig ? c$id$orig_h : c$id$resp_h;
	local number = is_orig ? c$id$orig_p : c$id$resp_p;

	if ( ! info?$endpoint && [side, number] in endpoints )
		info$endpoint = endpoints[side, number];

	complete(component);
	tell(c, is_orig, info);
	}

## Begins the description of a system: the components that were told of before are none of its own.
function new_components(c: connection, message: string): table[string] of
    Component
	{
	local found: table[string] of Component;

	for ( _, component in components )
		{
		found[component] = Component($info=new_info(c, message));

		if ( component != "" )
			found[component]$info$part = component;
		}

	return found;
	}

function read(c: connection, is_orig: bool, body: string)
	{
	local found = new_components(c, "metadata");
	local kind = "";
	local told = 0;

	for ( _, element in Xml::find(body, description) )
		{
		local name = element$path in component_of ? component_of[element$path] : "";
		local column = element$path in columns ? columns[element$path] : "";

		if ( element$path in component_of )
			found[name]$info$message = "mdib";

		if ( element$ends )
			{
			if ( found[name]$known && ++told <= most_components )
				end_description(c, is_orig, found[name]);

			found[name] = new_components(c, "mdib")[name];
			}
		else if ( column == "specification_type" )
			kind = code_of(element);
		else if ( column == "specification" )
			{
			specify(found[name], kind, element$text);
			kind = "";
			}
		else
			fill(found[name], column, element);
		}

	if ( found[""]$known )
		end_description(c, is_orig, found[""]);
	}

event zeek_init()
	{
	Body::register(Body::Reader($subtypes=set("soap+xml"), $wants=wants,
	    $read=read));
	}
