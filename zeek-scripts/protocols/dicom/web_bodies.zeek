##! What files and answers of DICOMweb say of the equipment that made the data sets. Patients'
##! elements are stepped over in both forms.

@load ../../frameworks/asset
@load ../../frameworks/body
@load ../../frameworks/json
@load ./association
@load ./consts
@load ./dataset
@load ./equipment
@load ./web

module DICOM;

export {
	## The longest header of a file, in bytes; a file that says that it has a longer one is not read.
	const max_meta = 4096;

	## How many bytes of a file are looked at, behind its header.
	const max_file = 65536;
}

# A file begins with 128 bytes of its own, "DICM", and the length of its header (PS3.10 7.1).
const file_mark = "DICM\x02\x00\x00\x00UL\x04\x00";
const header_start = 144;

const TRANSFER_SYNTAX_UID = 0x00020010;

# The texts that are read of JSON, with the element that each is of, and those in the items of
# contributing equipment.
global json_tags: table[string] of count;
global item_tags: table[string] of count;
global json_wanted = Json::Wanted($paths=set(), $groups=set());

const contributing_path = "/0018A001/Value";

## Tells of the equipment that a data set names.
function tell_web_dataset(c: connection, is_orig: bool, values: table[count] of
    string, items: vector of table[count] of string)
	{
	local identity = identity_of(values);

	if ( |identity| > 0 )
		note_web(c, is_orig, tell_equipment(c, is_orig, identity, values));

	for ( _, item in items )
		tell_contributor(c, is_orig, identity, item);
	}

## Reads a file (PS3.10).
function read_file(c: connection, is_orig: bool, body: string)
	{
	if ( |body| <= header_start )
		return;

	local start = header_start + bytestring_to_count(body[header_start - 4 :
	    header_start], T);

	if ( start > header_start + max_meta || start >= |body| )
		return;

	local meta = Walk($explicit=T, $wanted=set(TRANSFER_SYNTAX_UID),
	    $last=TRANSFER_SYNTAX_UID, $limit=max_meta);
	walk(meta, body[header_start:start]);

	local syntax = TRANSFER_SYNTAX_UID in meta$values ? uid_of(
	    meta$values[TRANSFER_SYNTAX_UID]) : "";

	if ( syntax in deflated )
		return;

	local w = new_walk(syntax, dataset_elements, SOFTWARE_VERSIONS,
	    CONTRIBUTING_EQUIPMENT);
	walk(w, body[start : start + max_file]);
	end_walk(w);

	if ( w$broken )
		return;

	local charset = CHARACTER_SET in w$values ? w$values[CHARACTER_SET] : "";
	local items: vector of table[count] of string;

	for ( _, item in w$items )
		items += decoded(item, charset);

	tell_web_dataset(c, is_orig, decoded(w$values, charset), items);
	}

function is_file(head: string): bool
	{
	return |head| > header_start && head[128 : header_start - 4] == file_mark;
	}

## Keeps a text of an element, several as they would stand in a file.
function keep(values: table[count] of string, tag: count, text: string)
	{
	if ( tag !in values )
		values[tag] = text;
	else if ( tag != UDI && |values[tag]| < max_element )
		values[tag] += "\\" + text;
	}

## Reads data sets as JSON (PS3.18 F).
function read_json(c: connection, is_orig: bool, body: string)
	{
	local values: table[count] of string;
	local items: vector of table[count] of string;
	local item: table[count] of string;

	for ( _, found in Json::find(body, json_wanted) )
		{
		if ( found$path in json_tags )
			keep(values, json_tags[found$path], found$text);
		else if ( found$path in item_tags )
			keep(item, item_tags[found$path], found$text);
		else if ( found$path == contributing_path )
			{
			if ( |items| < max_items )
				items += item;

			item = table();
			}
		else
			{
			if ( is_orig || ( c?$iomt_dicom_web && c$iomt_dicom_web$is_metadata ) )
				tell_web_dataset(c, is_orig, values, items);
			else if ( SERIAL_NUMBER in values && MANUFACTURER in values )
				# A list has what was asked for: without these it describes no device of its own.
				tell_equipment(c, is_orig, identity_of(values), values);

			values = table();
			items = vector();
			item = table();
			}
		}
	}

function names_equipment(head: string): bool
	{
	return /\x22(00080070|00081010|00081090|00181000|0018A001)\x22/ in head;
	}

## The values of an element, as a path.
function json_path(tag: count): string
	{
	return "/" + to_upper(fmt("%08x", tag)) + "/Value";
	}

event zeek_init()
	{
	for ( _, tag in dataset_tags )
		if ( tag != UDI )
			json_tags[json_path(tag)] = tag;

	json_tags[json_path(UDI_SEQUENCE) + json_path(UDI)] = UDI;

	for ( equipment_tag in read_within[CONTRIBUTING_EQUIPMENT] )
		item_tags[contributing_path + json_path(equipment_tag)] = equipment_tag;

	for ( code_tag in read_within[PURPOSE] )
		item_tags[contributing_path + json_path(PURPOSE) + json_path(code_tag)] =
		    code_tag;

	for ( path in json_tags )
		add json_wanted$paths[path];

	for ( path in item_tags )
		add json_wanted$paths[path];

	add json_wanted$groups[""];
	add json_wanted$groups[contributing_path];

	Body::register(Body::Reader($subtypes=set("dicom"), $wants=is_file,
	    $read=read_file));
	Body::register(Body::Reader($subtypes=set("dicom+json"),
	    $wants=names_equipment, $read=read_json));
	}
