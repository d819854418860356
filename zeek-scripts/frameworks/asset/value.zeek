##! Turns bytes from the wire into a value that is safe to log.

module Asset;

export {
	## The longest value that is logged, in bytes; longer ones are cut.
	const max_value_length = 256;

	## Trims a value, escapes control characters and bytes that are not UTF-8 as ``\xHH``, and
	## cuts it to :zeek:see:`Asset::max_value_length`.
	global clean_value: function(raw: string): string;
}

# Printable ASCII, and UTF-8 from U+00A0 on: U+0080 to U+009F are control characters.
const text = /([\x20-\x7e]|\xc2[\xa0-\xbf]|[\xc3-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf][\x80-\xbf]|[\xf1-\xf3][\x80-\xbf][\x80-\xbf][\x80-\xbf]|\xf4[\x80-\x8f][\x80-\xbf][\x80-\xbf])+/;

# A UTF-8 sequence or an escape that a cut left incomplete.
const torn = /([\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]?[\x80-\xbf]?|\\(x[0-9a-f]?)?)$/;

const padding = "\x00 \t\n\r\v\f";

function cut(s: string): string
	{
	if ( |s| <= max_value_length )
		return s;

	return sub(s[:max_value_length], torn, "");
	}

function clean_value(raw: string): string
	{
	local trimmed = lstrip(rstrip(raw, padding), padding);

	if ( trimmed == "" || ( |trimmed| <= max_value_length && text == trimmed ) )
		return trimmed;

	local parts: vector of string = vector();

	# Every other part is what the pattern matched.
	for ( i, part in split_string_all(cut(trimmed), text) )
		{
		if ( i % 2 == 1 )
			parts += part;
		else
			for ( byte in part )
				parts += fmt("\\x%s", string_to_ascii_hex(byte));
		}

	return rstrip(cut(join_string_vec(parts, "")), padding);
	}
