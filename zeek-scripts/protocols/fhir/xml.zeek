##! Reads FHIR resources that are written as XML, in which values are attributes.

@load ../../frameworks/body
@load ../../frameworks/xml
@load ./main

module FHIR;

# What an element's path stands for.
type Place: record {
	resource: string;
	member: string;
};

global wanted_xml: Xml::Wanted = Xml::Wanted($namespaces=table([
    "http://hl7.org/fhir"] = "f"), $paths=set(), $groups=set());

global places: table[string] of Place;

## Asks for all that is read of a resource at a path.
function want_resource(root: string, resource: string)
	{
	for ( member in members )
		{
		local path = root + gsub(member, /\//, "/f:");
		add wanted_xml$paths[path];
		places[path] = Place($resource=resource, $member=member);
		}

	add wanted_xml$groups[root];
	places[root] = Place($resource=resource, $member="");

	for ( _, group in inner_groups )
		{
		local outer = root + gsub(group, /\//, "/f:");
		add wanted_xml$groups[outer];
		places[outer] = Place($resource=resource, $member=group);
		}
	}

event zeek_init() &priority=5
	{
	for ( _, top in vector("/f:", "/f:Bundle/f:entry/f:resource/f:") )
		{
		for ( resource in resources )
			want_resource(top + resource, resource);

		for ( container in containers )
			want_resource(fmt("%s%s/f:contained/f:Device", top, container), "Device");
		}
	}

function read_xml(c: connection, is_orig: bool, body: string)
	{
	local info = new_info(c, is_orig);
	local inner: table[string] of string;

	for ( _, element in Xml::find(body, wanted_xml) )
		{
		local place = places[element$path];

		if ( ! element$ends )
			{
			if ( "value" in element$attributes )
				add_member(info, inner, place$member, element$attributes["value"]);

			next;
			}

		if ( place$member != "" )
			end_inner(info, inner);
		else
			{
			info$resource = place$resource;
			end_resource(c, info);
			info = new_info(c, is_orig);
			}

		inner = table();
		}
	}

## Whether a body can hold what is looked for.
function wants_xml(head: string): bool
	{
	return /[\x22\x27]http:\/\/hl7\.org\/fhir[\x22\x27]/ in head
	    && /<([a-zA-Z0-9_.-]{1,40}:)?(Bundle|CapabilityStatement|Device(Definition|Metric)?|DiagnosticReport|Observation)[ \t\r\n>]/ in head;
	}

event zeek_init()
	{
	Body::register(Body::Reader($subtypes=set("fhir+xml", "xml+fhir"),
	    $wants=wants_xml, $read=read_xml));
	}
