##! Reads what identifies a monitor out of a list of attributes. A list's own count and length are
##! obeyed: senders leave stale memory behind it, inside of the attribute's value.

@load ../../frameworks/asset
@load ./types

module IntelliVue;

export {
	## The most attributes of a list, and entries of a specification, that are looked at.
	const max_entries = 64;

	## Reads a list of attributes that begins at *at* into *id*.
	global read_attributes: function(id: Info, data: string, at: count);

	## The big-endian number of two bytes at *at*; 0 beyond the end.
	global u16: function(data: string, at: count): count;
}

function u16(data: string, at: count): count
	{
	return bytestring_to_count(data[at : at + 2]);
	}

## Text up to its first NUL; what follows is left over from something else.
function until_nul(s: string): string
	{
	local nul = strstr(s, "\x00");
	local text = nul > 0 ? s[: nul - 1] : s;

	# Filled with dashes or blanks where there is nothing to say.
	return /[A-Za-z0-9]/ in text ? Asset::clean_value(text) : "";
	}

## UTF-16 up to its first NUL as UTF-8; the surrogates' half of it is left out.
function from_utf16(s: string): string
	{
	local hex = "";
	local at = 0;

	while ( at + 2 <= |s| )
		{
		local n = u16(s, at);
		at += 2;

		if ( n == 0 )
			break;

		if ( n < 0x80 )
			hex += fmt("%02x", n);
		else if ( n < 0x800 )
			hex += fmt("%02x%02x", 0xc0 | ( n / 64 ), 0x80 | ( n % 64 ));
		else if ( n < 0xd800 || n > 0xdfff )
			hex += fmt("%02x%02x%02x", 0xe0 | ( n / 4096 ), 0x80 | ( ( n / 64 ) % 64 ),
			    0x80 | ( n % 64 ));
		}

	return Asset::clean_value(hexstr_to_bytestring(hex));
	}

## One entry of the production specification.
function read_specification(id: Info, kind: count, component: count,
    text: string)
	{
	if ( text == "" )
		return;

	switch ( kind )
		{
		case SERIAL_NUMBER:
			if ( component == PRODUCT )
				id$serial_number = text;

			break;
		case PART_NUMBER:
			if ( component == PRODUCT )
				id$part_number = text;

			break;
		case HARDWARE:
			id$hardware_versions += text;
			break;
		case SOFTWARE:
			id$software_versions += text;
			break;
		case FIRMWARE:
			id$firmware_versions += text;
			break;
		}
	}

## PROD_SPECN: count, length, then entries of kind, component and text.
function read_specifications(id: Info, value: string)
	{
	if ( |value| < 4 )
		return;

	local left = u16(value, 0);
	local end = 4 + u16(value, 2);
	local at = 4;

	if ( end > |value| || left > max_entries )
		return;

	while ( left > 0 && at + 6 <= end )
		{
		local text_end = at + 6 + u16(value, at + 4);

		if ( text_end > end )
			return;

		read_specification(id, u16(value, at), u16(value, at + 2), until_nul(value[at + 6 :
		    text_end]));
		at = text_end;
		--left;
		}
	}

## ID_MODEL: two texts, each after its length.
function read_model(id: Info, value: string)
	{
	if ( |value| < 4 )
		return;

	local maker_end = 2 + u16(value, 0);

	if ( maker_end + 2 > |value| )
		return;

	local model_end = maker_end + 2 + u16(value, maker_end);

	if ( model_end > |value| )
		return;

	local maker = until_nul(value[2:maker_end]);
	local model = until_nul(value[maker_end + 2 : model_end]);

	if ( maker != "" )
		id$manufacturer = maker;

	if ( model != "" )
		id$model = model;
	}

## NET_ADDR_INFO: hardware address, network address and its mask.
function read_address(id: Info, value: string)
	{
	if ( |value| < 14 )
		return;

	local octets: vector of string;

	for ( octet in value[0:6] )
		octets += string_to_ascii_hex(octet);

	id$mac = join_string_vec(octets, ":");
	id$address = counts_to_addr(vector(bytestring_to_count(value[6:10])));
	}

function read_attribute(id: Info, attribute: count, value: string)
	{
	switch ( attribute )
		{
		case ID_MODEL:
			read_model(id, value);
			break;
		case PROD_SPECN:
			read_specifications(id, value);
			break;
		case SYS_TYPE:
			if ( |value| == 4 )
				id$system_type = bytestring_to_count(value);

			break;
		case NET_ADDR_INFO:
			read_address(id, value);
			break;
		case LABEL, BED_LABEL:
			# A bed label in an association has its length before it.
			local units = attribute == LABEL ? value : value[2 : 2 + u16(value, 0)];
			local label = from_utf16(units);

			if ( label != "" )
				id$bed_label = label;

			break;
		}
	}

function read_attributes(id: Info, data: string, at: count)
	{
	if ( at + 4 > |data| )
		return;

	local left = u16(data, at);
	local end = at + 4 + u16(data, at + 2);
	local next_at = at + 4;

	if ( end > |data| || left > max_entries )
		return;

	while ( left > 0 && next_at + 4 <= end )
		{
		local value_end = next_at + 4 + u16(data, next_at + 2);

		if ( value_end > end )
			break;

		read_attribute(id, u16(data, next_at), data[next_at + 4 : value_end]);
		next_at = value_end;
		--left;
		}
	}
