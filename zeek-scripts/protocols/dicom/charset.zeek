##! Text of data sets as UTF-8. Other character sets than Latin-1 are left as they are; what is not
##! UTF-8 then is escaped when it is logged.

module DICOM;

# The second bytes of UTF-8 for U+00C0 to U+00FF.
const second_bytes =
    "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
    + "\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f"
    + "\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf"
    + "\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf";

## Text in the character set that its data set names.
function decode(raw: string, charset: string): string
	{
	if ( charset != "ISO_IR 100" || is_ascii(raw) )
		return raw;

	local parts: vector of string;

	for ( byte in raw )
		{
		local code = bytestring_to_count(byte);

		if ( code >= 0xc0 )
			parts += "\xc3" + second_bytes[code - 0xc0];
		else if ( code >= 0xa0 )
			parts += "\xc2" + byte;
		else
			parts += byte;
		}

	return join_string_vec(parts, "");
	}
