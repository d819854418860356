##! Reads the observations of HL7 messages (OBX): what they say of the device, never what it measured.

@load ./device

module HL7;

## A device of the message that is under way, by its place in it.
##
## Returns: one that nothing becomes of if the message tells of too many.
function device_at(side: Side, place: string): Device
	{
	if ( place in side$devices )
		return side$devices[place];

	local d = Device();

	if ( |side$places| < max_devices )
		{
		side$devices[place] = d;
		side$places += place;
		}

	return d;
	}

## A result that is no device's own statement may still name the equipment that made it.
function read_result_instance(side: Side, segment: string)
	{
	local value = field_of(side, segment, field_starts(segment, side$field, 18),
	    18);

	if ( value == "" || value == side$instance )
		return;

	side$instance = value;
	local d = device_at(side, "=" + value);

	if ( ! add_analyser(d, value) )
		add_instance(d, value);
	}

## A statement about a device as a whole.
function read_whole(side: Side, d: Device, segment: string, code: string)
	{
	local starts = field_starts(segment, side$field, 18);

	if ( is_device_code(code) )
		{
		d$claims["hl7.system_type"] = code;
		d$is_pump = code in pumps;
		}
	else if ( code in identity_codes )
		add_identity(d$claims, d$ids, code, field_of(side, segment, starts, 5));

	if ( "hl7.equipment_instance" !in d$claims )
		add_instance(d, field_of(side, segment, starts, 18));
	}

## A statement about a part of a device: a module, a channel, a measurement.
function read_part(side: Side, d: Device, segment: string, code: string,
    part: string)
	{
	if ( code in identity_codes )
		{
		if ( d$part != "" && d$part != part )
			d$parts_differ = T;

		d$part = part;
		add_identity(d$part_claims, d$part_ids, code, field_of(side, segment,
		    field_starts(segment, side$field, 5), 5));
		}
	else if ( |d$ids| == 0 )
		{
		local value = field_of(side, segment, field_starts(segment, side$field, 18),
		    18);

		# A part's own name is not the device's; an EUI-64 is.
		if ( eui64(instance(value)$id) != "" )
			add_instance(d, value);
		}
	}

## An observation. Its value is read only where its code identifies a device.
function read_observation(side: Side, segment: string)
	{
	local starts = field_starts(segment, side$field, 4);
	local code = mdc_code(field_of(side, segment, starts, 3));

	if ( code == "" )
		{
		read_result_instance(side, segment);
		return;
		}

	local path = split_string(field_of(side, segment, starts, 4), /\./);
	local d = device_at(side, /[0-9]{1,5}/ == path[0] ? path[0] : "1");

	if ( |path| < 3 || ( path[1] == "0" && path[2] == "0" ) )
		read_whole(side, d, segment, code);
	else
		read_part(side, d, segment, code, path[1]);
	}
