##! What a data set says of the equipment that made it, and of what handled it since then.

@load ../../frameworks/asset
@load ./charset
@load ./consts

module DICOM;

## What a data set says of the device that made it, by the claim's field.
const dataset_fields: table[count] of string = {
	[MODALITY] = "dicom.modality",
	[MANUFACTURER] = "dicom.manufacturer",
	[STATION_NAME] = "dicom.station_name",
	[MODEL_NAME] = "dicom.manufacturer_model_name",
	[SERIAL_NUMBER] = "dicom.device_serial_number",
	[UDI] = "dicom.udi",
	[SOFTWARE_VERSIONS] = "dicom.software_versions",
};

# In the order in which they are logged.
const dataset_tags = vector(MODALITY, MANUFACTURER, STATION_NAME, MODEL_NAME,
    SERIAL_NUMBER, UDI, SOFTWARE_VERSIONS);

const dataset_elements = set(CHARACTER_SET, MODALITY, MANUFACTURER,
    STATION_NAME, MODEL_NAME, SERIAL_NUMBER, UDI_SEQUENCE, SOFTWARE_VERSIONS);

# What makes one device another, in the order in which it is hashed.
const identity_tags = vector(MANUFACTURER, MODEL_NAME, SERIAL_NUMBER,
    STATION_NAME);

# The purposes of contributions (PS3.16, CID 7005) of equipment that has taken in what other
# equipment made. Who acquired or processed is not among them: the maker of a derived image says so
# of the scanner, and two descriptions by one host would hide which of them the host is.
const passing_on: table[string] of string = {
	["109103"] = "modifying equipment",
	["109104"] = "de-identifying equipment",
	["109105"] = "frame extracting equipment",
	["109106"] = "multi-frame conversion equipment",
	["MEDIM"] = "portable media importer",
};

## Several values in as few claims as hold them: half of a version would be another version.
function whole_values(s: string): vector of string
	{
	local claims: vector of string = vector(s);

	if ( |s| <= Asset::max_value_length )
		return claims;

	claims = vector();
	local joined = "";

	for ( _, value in split_string(s, /\\/) )
		{
		if ( joined != "" && |joined| + 1 + |value| <= Asset::max_value_length )
			joined += "\\" + value;
		else
			{
			if ( joined != "" )
				claims += joined;

			joined = value;
			}
		}

	claims += joined;
	return claims;
	}

## The values that tell one device from another.
##
## Returns: them, or an empty vector if there are none.
function identity_of(values: table[count] of string): vector of string
	{
	local identity: vector of string;
	local known = F;

	for ( _, tag in identity_tags )
		{
		identity += tag in values ? Asset::clean_value(values[tag]) : "";
		known = known || identity[|identity| - 1] != "";
		}

	return known ? identity : vector();
	}

# What no text has (PS3.5 6.1.3, 6.2): only escapes between character sets, and padding at its end.
const no_text = /[\x00-\x1a\x1c-\x1f]/;

## Values as UTF-8. One that is no text has swallowed what stands behind it, and is left out.
function decoded(values: table[count] of string, charset: string): table[count] of
    string
	{
	local texts: table[count] of string;

	for ( tag, raw in values )
		if ( no_text !in rstrip(raw, "\x00 ") )
			texts[tag] = decode(raw, rstrip(charset));

	return texts;
	}

## A side of a connection tells of a device. Its subject is the same in every data set it makes.
##
## Returns: the subject.
function tell_equipment(c: connection, is_orig: bool, identity: vector of
    string, values: table[count] of string): string
	{
	local subject = "dicom:" + sha256_hash(join_string_vec(identity, "\n"))[:32];

	for ( _, tag in dataset_tags )
		{
		if ( tag !in values )
			next;

		local claims = tag == SOFTWARE_VERSIONS ? whole_values(values[tag]) : vector(
		    values[tag]);

		for ( _, value in claims )
			Asset::described(c, is_orig, subject, dataset_fields[tag], value);
		}

	return subject;
	}

## Whether two descriptions contradict each other.
function differ(some: vector of string, others: vector of string): bool
	{
	for ( i in some )
		if ( some[i] != "" && others[i] != "" && some[i] != others[i] )
			return T;

	return F;
	}

## Tells of the equipment that has handled a data set since it was made. Who sends such a data set
## need not have made it.
function tell_contributor(c: connection, is_orig: bool, maker: vector of string,
    values: table[count] of string)
	{
	local code = CODE_VALUE in values ? rstrip(values[CODE_VALUE], " \x00") : "";

	if ( code !in passing_on
	    || CODING_SCHEME !in values
	    || rstrip(values[CODING_SCHEME], " \x00") != "DCM" )
		return;

	local identity = identity_of(values);

	if ( |identity| > 0 )
		{
		# Equipment may have modified what it made itself.
		if ( |maker| > 0 && ! differ(maker, identity) )
			return;

		local subject = tell_equipment(c, is_orig, identity, values);
		Asset::described(c, is_orig, subject, "dicom.contribution", passing_on[code]);
		}

	Asset::observed(c, is_orig, "dicom.intermediary", passing_on[code]);
	}
