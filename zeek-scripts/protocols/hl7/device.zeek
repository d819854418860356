##! Devices that HL7 messages tell of: what identifies one, and the claims that are made of it.

@load ../../frameworks/asset
@load ./consts
@load ./text

module HL7;

# Kinds of identifiers, the strongest first.
const kinds = vector("eui64", "mac", "uuid", "udi", "serial");

const uuid = /[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}/;

## An EUI-64 in capitals; empty if the text is none, or only a maker's prefix.
function eui64(text: string): string
	{
	if ( /[0-9A-Fa-f]{16}/ != text
	    || /[0-9A-Fa-f]{6}(0{10}|[fF]{10})|0{16}/ == text )
		return "";

	return to_upper(text);
	}

## Twelve digits as a hardware address; empty if they are no single host's.
function mac_of(digits: string): string
	{
	local pairs = vector(digits[0:2]);

	for ( _, at in vector(2, 4, 6, 8, 10) )
		pairs += digits[at : at + 2];

	local mac = to_lower(join_string_vec(pairs, ":"));
	return Asset::is_host_mac(mac) ? mac : "";
	}

## The hardware address that an EUI-64 was made of; empty if it was made of none.
function mac_of_eui64(eui: string): string
	{
	return /[0-9A-F]{6}FFF[EF][0-9A-F]{6}/ == eui ? mac_of(eui[0:6] + eui[10:16]) : "";
	}

## Reads what identifies a device out of an entity identifier.
function identify(ids: table[string] of string, ei: Instance)
	{
	local own = eui64(ei$id);

	if ( own == "" && ei$id == "" && ei$kind == "EUI-64" )
		own = eui64(ei$universal);

	if ( own != "" )
		ids["eui64"] = own;
	else if ( /[0-9A-Fa-f]{12}/ == ei$id
	    && /MAC|EUI-48/ == ei$kind
	    && mac_of(ei$id) != "" )
		ids["mac"] = mac_of(ei$id);
	else if ( |ei$id| >= 36 && uuid == ei$id[0:36] )
		ids["uuid"] = to_lower(ei$id[0:36]);
	else if ( /[0.-]*/ != ei$id )
		# Unique in its namespace only.
		ids["serial"] = rstrip(ei$id + "^" + ei$namespace + "^" + ei$universal, "^");
	}

## Adds an equipment instance that is named by a single entity identifier.
function add_instance(d: Device, value: string)
	{
	local ei = instance(split_string1(value, /~/)[0]);

	if ( ei$id == "" && ei$universal == "" )
		return;

	d$claims["hl7.equipment_instance"] = plain(value);
	identify(d$ids, ei);

	if ( "serial" in d$ids )
		d$claims["hl7.equipment_identifier"] = ei$id;
	}

## Adds an equipment instance as laboratory analysers give it (IHE LAW): model and serial number,
## each with its manufacturer.
##
## Returns: whether it had that form.
function add_analyser(d: Device, value: string): bool
	{
	local repeats = split_string(value, /~/);

	if ( |repeats| < 2 )
		return F;

	local model = instance(repeats[0]);
	local serial = instance(repeats[1]);

	if ( model$id == ""
	    || serial$id == ""
	    || model$namespace == ""
	    || model$namespace != serial$namespace
	    || model$universal + serial$universal != "" )
		return F;

	d$claims["hl7.equipment_instance"] = plain(value);
	d$claims["hl7.manufacturer"] = model$namespace;
	d$claims["hl7.model"] = model$id;
	d$claims["hl7.serial_number"] = serial$id;
	d$ids["serial"] = fmt("%s^%s^%s", model$namespace, model$id, serial$id);
	return T;
	}

## Adds the value of an observation that identifies the device or a part of it.
function add_identity(claims: table[string] of string, ids: table[string] of
    string, code: string, value: string)
	{
	local ei = instance(split_string1(value, /~/)[0]);

	if ( code == "67972" )
		identify(ids, ei);

	if ( code != "67880" )
		{
		claims[identity_codes[code]] = plain(value);
		return;
		}

	local words = match_pattern(ei$id, /^manufacturer=.+ model=/);

	if ( words$matched )
		{
		claims["hl7.manufacturer"] = strip(ei$id[13 : |words$str| - 6]);
		claims["hl7.model"] = strip(ei$id[|words$str| :]);
		}
	else if ( ei$namespace != "" )
		{
		claims["hl7.manufacturer"] = ei$id;
		claims["hl7.model"] = ei$namespace;
		}
	else
		claims["hl7.model"] = ei$id;
	}

## Adds a value to a vector of the log.
function list_once(values: vector of string, value: string)
	{
	if ( |values| >= max_listed )
		return;

	for ( _, listed in values )
		if ( listed == value )
			return;

	values += value;
	}

## The subject that the claims of a device are filed under; empty if nothing identifies it.
function subject(d: Device): string
	{
	for ( _, kind in kinds )
		if ( kind in d$ids )
			return kind + ":" + d$ids[kind];

	if ( "hl7.serial_number" !in d$claims )
		return "";

	local words: vector of string;

	for ( _, name in vector("hl7.manufacturer", "hl7.model", "hl7.serial_number") )
		words += name in d$claims ? d$claims[name] : "";

	return "serial:" + join_string_vec(words, "^");
	}

## Makes the claims of a device that a message told of.
function tell(c: connection, is_orig: bool, d: Device)
	{
	if ( d$is_pump && ! d$parts_differ )
		{
		for ( part_name, value in d$part_claims )
			if ( part_name !in d$claims )
				d$claims[part_name] = value;

		for ( kind, id in d$part_ids )
			if ( kind !in d$ids )
				d$ids[kind] = id;
		}

	local about = subject(d);

	if ( about == "" )
		return;

	if ( "eui64" in d$ids )
		{
		d$claims["hl7.eui"] = d$ids["eui64"];
		d$claims["hl7.mac"] = mac_of_eui64(d$ids["eui64"]);
		}

	if ( "mac" in d$ids )
		d$claims["hl7.mac"] = d$ids["mac"];

	for ( _, name in claimed )
		if ( name in d$claims )
			Asset::described(c, is_orig, about, name, d$claims[name]);

	if ( c$iomt_hl7?$info )
		list_once(c$iomt_hl7$info$subjects, about);
	}
