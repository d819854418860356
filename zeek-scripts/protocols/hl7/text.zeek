##! Fields of HL7 segments: found by their separators, without touching the others, and brought into
##! the standard's usual form.

@load ./types

module HL7;

export {
	## An entity identifier (EI) or hierarchic designator (HD, which has no first part).
	type Instance: record {
		id: string &default="";
		namespace: string &default="";
		universal: string &default="";
		kind: string &default="";
	};

	## The longest field that is read, in bytes.
	const max_field = 512;
}

## Where the fields of a segment start, as far as the one asked for, with the end of the last.
function field_starts(segment: string, separator: string, last: count)
    : index_vec
	{
	local starts = index_vec(0);
	local at = 0;

	while ( |starts| <= last + 1 )
		{
		local found = find_str(segment, separator, at);

		if ( found < 0 )
			{
			starts += |segment| + 1;
			break;
			}

		at = int_to_count(found) + 1;
		starts += at;
		}

	return starts;
	}

## The field with a number, with the usual separators; empty if the segment has none.
function field_of(side: Side, segment: string, starts: index_vec, n: count)
    : string
	{
	if ( n + 1 >= |starts| )
		return "";

	local end = starts[n + 1] - 1;

	if ( end - starts[n] > max_field )
		end = starts[n] + max_field;

	local raw = segment[starts[n] : end];

	if ( side$component == "^"
	    && side$repetition == "~"
	    && side$escape == "\\"
	    && side$subcomponent == "&" )
		return raw;

	local usual = table([side$component] = "^", [side$repetition] = "~", [
	    side$escape] = "\\", [side$subcomponent] = "&");
	local parts: vector of string;

	for ( ch in raw )
		parts += ch in usual ? usual[ch] : ch;

	return join_string_vec(parts, "");
	}

## What an escape sequence stands for; formatting stands for nothing.
function unescaped(sequence: string): string
	{
	switch ( sequence )
		{
		case "F":
			return "|";
		case "S":
			return "^";
		case "R":
			return "~";
		case "E":
			return "\\";
		case "T":
			return "&";
		}

	return /X([0-9A-Fa-f]{2}){1,64}/ == sequence ? hexstr_to_bytestring(sequence[1:]) : "";
	}

## A value as text: escapes resolved, nothing left of a null.
function plain(value: string): string
	{
	local text = strip(value);

	if ( text == "\"\"" )
		return "";

	if ( find_str(text, "\\") < 0 )
		return text;

	local parts = split_string(text, /\\/);
	local words: vector of string;

	# Every other part is a sequence; one that is not ended is text.
	for ( i, part in parts )
		{
		if ( i % 2 == 0 )
			words += part;
		else if ( i + 1 < |parts| )
			words += unescaped(part);
		else
			words += "\\" + part;
		}

	return strip(join_string_vec(words, ""));
	}

## Takes a value apart at its components.
function instance(value: string): Instance
	{
	local parts = split_string(value, /\^/);
	local ei = Instance($id=plain(parts[0]));

	if ( |parts| > 1 )
		ei$namespace = plain(parts[1]);

	if ( |parts| > 2 )
		ei$universal = plain(parts[2]);

	if ( |parts| > 3 )
		ei$kind = plain(parts[3]);

	return ei;
	}

## Takes a coded value apart: code, text, coding system.
##
## Returns: the code if it is of the MDC nomenclature, else an empty string.
function mdc_code(value: string): string
	{
	local parts = split_string(value, /\^/);

	if ( |parts| < 2
	    || /[0-9]{1,9}/ != parts[0]
	    || ! ( starts_with(parts[1], "MDC_") || ( |parts| > 2 && parts[2] == "MDC" ) ) )
		return "";

	return parts[0];
	}
