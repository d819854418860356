##! Reads FHIR resources that are written as JSON.

@load ../../frameworks/body
@load ../../frameworks/json
@load ./main

module FHIR;

# Where a resource stands: alone or in the entry of a bundle.
const roots: vector of string = vector("", "/entry/resource");

# Where those stand that it contains.
const inside = "/contained";

# The most devices that one resource contains.
const most_contained = 16;

global wanted_json: Json::Wanted = Json::Wanted($paths=set(), $groups=set());

event zeek_init() &priority=5
	{
	for ( _, root in roots )
		for ( _, place in vector(root, root + inside) )
			{
			for ( member in members )
				add wanted_json$paths[place + member];

			for ( _, group in inner_groups )
				add wanted_json$groups[place + group];

			add wanted_json$groups[place];
			}
	}

function read_json(c: connection, is_orig: bool, body: string)
	{
	local root = /\x22resourceType\x22[ \t\r\n]*:[ \t\r\n]*\x22Bundle\x22/ in body[:
	    Body::head_bytes] ? roots[1] : roots[0];
	# The resource, and one that it contains: by whether it is contained.
	local infos = table([F] = new_info(c, is_orig), [T] = new_info(c, is_orig));
	local inners: table[bool] of table[string] of string;
	inners[F] = table();
	inners[T] = table();
	# What is contained counts once it is known in what.
	local contained: vector of Info;

	for ( _, found in Json::find(body, wanted_json) )
		{
		if ( found$path[: |root|] != root )
			next;

		local member = found$path[|root| :];
		local within = starts_with(member, inside);

		if ( within )
			member = member[|inside| :];

		if ( ! found$ends )
			{
			add_member(infos[within], inners[within], member, found$text);
			next;
			}

		if ( member != "" )
			end_inner(infos[within], inners[within]);
		else
			{
			if ( ! within )
				{
				end_resource(c, infos[F]);

				if ( infos[F]$resource in containers )
					for ( _, device in contained )
						tell_device(c, device);

				contained = vector();
				}
			else if ( infos[T]$resource == "Device" && |contained| < most_contained )
				contained += infos[T];

			infos[within] = new_info(c, is_orig);
			}

		inners[within] = table();
		}
	}

## Whether a body can hold what is looked for.
function wants_json(head: string): bool
	{
	return /\x22resourceType\x22[ \t\r\n]*:[ \t\r\n]*\x22(Bundle|CapabilityStatement|Device(Definition|Metric)?|DiagnosticReport|Observation)\x22/
	    in head;
	}

event zeek_init()
	{
	Body::register(Body::Reader($subtypes=set("fhir+json", "json+fhir"),
	    $wants=wants_json, $read=read_json));
	}
