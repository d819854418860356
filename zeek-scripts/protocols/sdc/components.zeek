##! A medical device and its parts, as descriptions tell of them.

@load ../../frameworks/asset
@load ../../frameworks/xml
@load ./consts
@load ./main

module SDC;

# The device or a part of it, while its description is read.
type Component: record {
	info: Info;
	## Columns that it states itself, and what its production specification states.
	filled: set[string] &default=set();
	specified: table[string] of string &default=table();
	## Something is known of it.
	known: bool &default=F;
};

# The most revisions of one kind of a component.
const most_revisions = 16;

## The code of an element as a number of the nomenclature, which is meant where none is named. Empty
## if it has no such code.
function code_of(element: Xml::Element): string
	{
	if ( "Code" in element$attributes
	    && /^[0-9]{1,10}$/ in element$attributes["Code"]
	    && ( "CodingSystem" !in element$attributes || /1\.2\.840\.10004\.1\.1\.1\.0\.0\.1$/ in element$attributes["CodingSystem"] ) )
		return element$attributes["Code"];

	return "";
	}

## Puts a text into its column.
function set_column(info: Info, column: string, text: string)
	{
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
		case "device_identifier":
			info$device_identifier = text;
			break;
		case "lot_number":
			info$lot_number = text;
			break;
		case "part_number":
			info$part_number = text;
			break;
		}
	}

## Adds a revision to a list of them.
function add_revision(revisions: vector of string, text: string)
	{
	if ( |revisions| >= most_revisions )
		return;

	for ( _, revision in revisions )
		if ( revision == text )
			return;

	revisions += text;
	}

## Takes what an element says of a component. Texts may follow in other languages: the first is the
## device's own.
function fill(component: Component, column: string, element: Xml::Element)
	{
	local text = Asset::clean_value(element$text);

	if ( column in component$filled )
		return;

	add component$filled[column];

	if ( column == "device_type" )
		{
		local code = code_of(element);

		if ( code != "" )
			component$info$device_type = code;
		}
	else if ( text != "" )
		set_column(component$info, column, text);

	# A list of services tells nothing by its endpoint alone, nor a part by its kind.
	component$known = component$known || ! ( column == "endpoint" || ( column ==
	    "device_type" && component$info?$part ) );
	}

## Takes one production specification of a component.
function specify(component: Component, kind: string, raw: string)
	{
	local text = Asset::clean_value(raw);
	local info = component$info;

	if ( text == "" || kind !in specifications )
		return;

	component$known = T;

	switch ( specifications[kind] )
		{
		case "hardware_versions":
			add_revision(info$hardware_versions, text);
			break;
		case "software_versions":
			add_revision(info$software_versions, text);
			break;
		case "firmware_versions":
			add_revision(info$firmware_versions, text);
			break;
		default:
			if ( specifications[kind] !in component$specified )
				component$specified[specifications[kind]] = text;

			break;
		}
	}

## Completes the line of a component: what it states itself counts more than its specification.
function complete(component: Component)
	{
	for ( column, text in component$specified )
		if ( column !in component$filled )
			set_column(component$info, column, text);
	}

## What is known of a part, in one value: it is no claim about the device itself.
function describe_part(info: Info): string
	{
	local words = vector(info$part);

	if ( info?$device_type )
		words += info$device_type;

	if ( info?$manufacturer )
		words += "manufacturer=" + info$manufacturer;

	if ( info?$model_number )
		words += "model_number=" + info$model_number;

	if ( info?$part_number )
		words += "part_number=" + info$part_number;

	if ( info?$serial_number )
		words += "serial_number=" + info$serial_number;

	for ( _, revision in info$hardware_versions )
		words += "hardware=" + revision;

	for ( _, revision in info$software_versions )
		words += "software=" + revision;

	for ( _, revision in info$firmware_versions )
		words += "firmware=" + revision;

	return join_string_vec(words, " ");
	}
