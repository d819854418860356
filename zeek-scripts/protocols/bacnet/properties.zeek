##! Reads what identifies a device out of answers to ReadProperty and ReadPropertyMultiple.

@load ../../frameworks/asset
@load ./types

module BACnet;

export {
	## One tagged value.
	type Tag: record {
		number: count;
		## Numbered by its context, not by its type.
		context: bool;
		opening: bool;
		closing: bool;
		## Where its value is.
		start: count;
		end: count;
	};

	## The most values of a message that are looked at.
	const max_tags = 512;

	## The tag at *at*; nothing is there if its end is 0.
	global read_tag: function(data: string, at: count): Tag;

	## The unsigned number that a tag holds.
	global number_of: function(data: string, t: Tag): count;

	## Reads an object and its properties, of one answer.
	##
	## Returns: whether any of a device was wanted.
	global read_properties: function(info: Info, data: string, at: count): bool;
}

function read_tag(data: string, at: count): Tag
	{
	local t = Tag($number=0, $context=F, $opening=F, $closing=F, $start=at,
	    $end=0);

	if ( at >= |data| )
		return t;

	local first = bytestring_to_count(data[at : at + 1]);
	local len = first % 8;
	t$number = first / 16;
	t$context = ( first / 8 ) % 2 == 1;
	t$start = at + 1;

	# Extended numbers are of nothing that is looked for.
	if ( t$number == 15 )
		return t;

	if ( t$context && len >= 6 )
		{
		t$opening = len == 6;
		t$closing = len == 7;
		t$end = t$start;
		return t;
		}

	if ( len == 5 )
		{
		len = bytestring_to_count(data[at + 1 : at + 2]);
		++t$start;

		if ( len == 254 )
			{
			len = bytestring_to_count(data[at + 2 : at + 4]);
			t$start += 2;
			}
		else if ( len == 255 )
			return t;
		}
	else if ( ! t$context && t$number == 1 )
		# A truth value is the length itself.
		len = 0;

	if ( t$start + len <= |data| )
		t$end = t$start + len;

	return t;
	}

function number_of(data: string, t: Tag): count
	{
	return t$end - t$start <= 4 ? bytestring_to_count(data[t$start : t$end]) : 0;
	}

## A character string in UTF-8, which ANSI X3.4 is part of; other sets are not read.
function text_of(data: string, t: Tag): string
	{
	if ( t$end - t$start < 2 || data[t$start] != "\x00" )
		return "";

	return Asset::clean_value(data[t$start + 1 : t$end]);
	}

## Takes a property's value.
##
## Returns: whether it is one that is wanted.
function set_property(info: Info, property: count, data: string, t: Tag): bool
	{
	if ( property == VENDOR_IDENTIFIER && t$number == 2 )
		{
		info$vendor_id = number_of(data, t);
		return T;
		}

	local text = t$number == 7 ? text_of(data, t) : "";

	if ( text == "" )
		return F;

	switch ( property )
		{
		case APPLICATION_SOFTWARE_VERSION:
			info$application_software_version = text;
			return T;
		case FIRMWARE_REVISION:
			info$firmware_revision = text;
			return T;
		case LOCATION:
			info$location = text;
			return T;
		case MODEL_NAME:
			info$model_name = text;
			return T;
		case OBJECT_NAME:
			info$object_name = text;
			return T;
		case VENDOR_NAME:
			info$vendor_name = text;
			return T;
		case SERIAL_NUMBER:
			info$serial_number = text;
			return T;
		}

	return F;
	}

# The two answers differ in their numbers only: ReadProperty has the object in 0, the property in 1
# and the value in 3; ReadPropertyMultiple has a list in 1, of properties in 2 with values in 4.
function read_properties(info: Info, data: string, at: count): bool
	{
	local of_device = F;
	local told = F;
	local property = 0;
	local many = F;
	local inside = F;
	local tags = 0;

	while ( at < |data| && ++tags < max_tags )
		{
		local t = read_tag(data, at);

		if ( t$end == 0 )
			break;

		at = t$end;

		if ( inside && ! t$context )
			{
			if ( of_device && property > 0 && set_property(info, property, data, t) )
				told = T;

			# Of a list only the first is looked at.
			property = 0;
			}
		else if ( t$closing || t$opening )
			{
			many = many || ( t$opening && t$number == 1 );
			# What stands inside of an error is no value.
			inside = t$opening && t$number == ( many ? 4 : 3 );
			}
		else if ( ! inside && t$context && t$number == 0 && t$end - t$start == 4 )
			{
			local object = number_of(data, t);

			# A message that goes on to another object has told of the device already.
			if ( of_device || object / 0x400000 != DEVICE )
				break;

			of_device = T;
			info$instance = object % 0x400000;
			}
		else if ( ! inside && t$context && t$number == ( many ? 2 : 1 ) )
			property = number_of(data, t);
		}

	return told;
	}
