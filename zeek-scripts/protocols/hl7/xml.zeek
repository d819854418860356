##! HL7 in XML: version 2 messages (v2.xml) are brought into their usual form, segment by segment and
##! only as far as they are read; version 3 messages and clinical documents are read in documents.zeek.

@load ../../frameworks/xml
@load ./documents
@load ./main

module HL7;

export {
	## Whether text can be HL7 in XML.
	global is_xml: function(head: string): bool;

	## Reads a message or document.
	global read_xml: function(c: connection, is_orig: bool, side: Side,
	    framing: string, body: string);
}

# The fields that are read of each segment.
const xml_fields: table[string] of vector of count = {
	["MSH"] = vector(3, 4, 5, 6, 9, 12, 21),
	["OBR"] = vector(2, 3, 4),
	["OBX"] = vector(3, 4, 5, 18),
	["PRT"] = vector(4, 10, 16, 20),
	["EQU"] = vector(1),
};

# The data types of which components are read, with how many.
const xml_types: table[string] of count = {
	["CE"] = 3,
	["CWE"] = 3,
	["EI"] = 4,
	["HD"] = 3,
	["MSG"] = 3,
	["VID"] = 1,
};

const last_field = 21;

# How much of a document counts as a segment.
const bytes_per_segment = 64;

# What comes first in a message or document; without it nothing is one.
const beginning = /^\/\/(v2:MSH|v3:interactionId|v3:ClinicalDocument)/;

# A field, or a component of one (from 1 on).
type Slot: record {
	field: count;
	component: count &default=0;
};

# The fields of a segment that is being read, and how far the latest repetition of each has come.
type Row: record {
	values: table[count] of string &default=table();
	reached: table[count] of count &default=table();
};

global slots: table[string] of Slot;

event zeek_init() &priority=5
	{
	for ( name, numbers in xml_fields )
		{
		local element = "v2:" + name;
		add wanted_xml$anywhere[element];
		add wanted_xml$groups["//" + element];

		for ( _, n in numbers )
			{
			local path = fmt("//%s/%s.%d", element, element, n);
			slots[path] = Slot($field=n);

			for ( kind, most in xml_types )
				{
				local k = 1;

				while ( k <= most )
					{
					slots[fmt("%s/v2:%s.%d", path, kind, k)] = Slot($field=n, $component=k);
					++k;
					}
				}
			}
		}

	for ( wanted_path in slots )
		add wanted_xml$paths[wanted_path];
	}

## Text as it stands in a segment: separators escaped, on one line.
function escape(text: string): string
	{
	local s = text[:max_field];

	if ( /[\\|^~&\x00-\x1f]/ !in s )
		return s;

	s = gsub(subst_string(s, "\\", "\\E\\"), /[\x00-\x1f]+/, " ");
	s = subst_string(subst_string(s, "|", "\\F\\"), "^", "\\S\\");
	return subst_string(subst_string(s, "~", "\\R\\"), "&", "\\T\\");
	}

## Adds a text to the segment that is being read.
function add_text(row: Row, slot: Slot, text: string)
	{
	local n = slot$field;

	if ( n !in row$values )
		{
		row$values[n] = "";
		row$reached[n] = 1;
		}
	else if ( slot$component == 0 )
		{
		row$values[n] += "~";
		row$reached[n] = 1;
		}

	# Components stand in their order; what goes back is damaged.
	if ( slot$component < row$reached[n] && slot$component > 0 )
		return;

	while ( row$reached[n] < slot$component )
		{
		row$values[n] += "^";
		++row$reached[n];
		}

	if ( |row$values[n]| <= max_field )
		row$values[n] += escape(text);
	}

## A segment in its usual form.
function segment_of(name: string, row: Row): string
	{
	local parts = vector(name);
	local n = 1;

	if ( name == "MSH" )
		{
		# The first field is the separator itself.
		parts += "^~\\&";
		n = 3;
		}

	while ( n <= last_field )
		{
		parts += n in row$values ? row$values[n] : "";
		++n;
		}

	return join_string_vec(parts, "|");
	}

## Ends a segment, which is read like any other.
function end_row(c: connection, is_orig: bool, side: Side, name: string,
    row: Row)
	{
	if ( name == "MSH" )
		end_message(c, is_orig, side);
	else if ( ! side$inside )
		return;

	read_segment(c, is_orig, side, segment_of(name, row));
	}

function is_xml(head: string): bool
	{
	return /[\x22\x27]urn:hl7-org:(v2xml|v3)[\x22\x27]/ in head;
	}

function read_xml(c: connection, is_orig: bool, side: Side, framing: string,
    body: string)
	{
	# A connection has its share of a second, whatever the form of its messages.
	if ( exhausted(c$iomt_hl7) )
		return;

	c$iomt_hl7$segments += |body| / bytes_per_segment;

	local row = Row();
	local document = Document();
	local begun = F;

	for ( _, element in Xml::find(body, wanted_xml) )
		{
		if ( ! begun && beginning in element$path )
			{
			# The connection has its line now.
			feed(c, is_orig, side, framing, "");
			begun = T;
			}

		if ( ! begun )
			next;

		if ( element$path in slots )
			add_text(row, slots[element$path], element$text);
		else if ( starts_with(element$path, "//v2:") )
			{
			end_row(c, is_orig, side, element$path[5:], row);
			row = Row();
			}
		else
			read_element(c, is_orig, document, element);
		}

	end_message(c, is_orig, side);
	}
