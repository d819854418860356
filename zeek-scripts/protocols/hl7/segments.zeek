##! Reads the segments of HL7 messages that name senders and equipment.

@load ./observation

module HL7;

## Makes the claims of the devices that were described since the latest observation request.
function tell_devices(c: connection, is_orig: bool, side: Side)
	{
	for ( _, place in side$places )
		tell(c, is_orig, side$devices[place]);

	side$devices = table();
	side$places = vector();
	side$instance = "";
	}

## Chooses the separators of a message by its header.
function read_separators(side: Side, header: string)
	{
	side$field = header[3];
	local starts = field_starts(header, side$field, 1);
	local chars = header[starts[1] : starts[2] - 1];
	side$component = |chars| > 0 ? chars[0] : "^";
	side$repetition = |chars| > 1 ? chars[1] : "~";
	side$escape = |chars| > 2 ? chars[2] : "\\";
	side$subcomponent = |chars| > 3 ? chars[3] : "&";
	}

## Says who sends the message. An acknowledgement names the side that received one.
function tell_sender(c: connection, is_orig: bool, side: Side,
    application: string, facility: string)
	{
	local role = side$kind == "ACK" ? "hl7.receiving_" : "hl7.sending_";

	if ( role == "hl7.sending_" )
		{
		Asset::observed(c, is_orig, "hl7.sending_application", application);
		Asset::observed(c, is_orig, "hl7.sending_facility", facility);
		return;
		}

	Asset::observed(c, is_orig, "hl7.receiving_application", application);
	Asset::observed(c, is_orig, "hl7.receiving_facility", facility);
	}

## Notes who receives the messages.
function name_receiver(info: Info, application: string, facility: string)
	{
	if ( application != "" )
		info$receiving_application = application;

	if ( facility != "" )
		info$receiving_facility = facility;
	}

## Counts a kind of message.
function count_kind(s: State, kind: string)
	{
	local counted = kind in s$kinds || |s$kinds| < max_listed ? kind : "other";

	if ( counted !in s$kinds )
		s$kinds[counted] = 0;

	++s$kinds[counted];
	}

## Notes the message in the connection's line.
function note_message(c: connection, side: Side, header: string,
    starts: index_vec, kind: string)
	{
	local s = c$iomt_hl7;
	count_kind(s, /[A-Z]{3}([\^][A-Z0-9_]{3,7})?/ == kind ? kind : "other");

	local names: vector of string;

	for ( _, n in vector(2, 3, 4, 5) )
		names += plain(field_of(side, header, starts, n));

	if ( side$kind == "ACK" )
		{
		++s$info$acknowledgements;
		name_receiver(s$info, names[0], names[1]);
		return;
		}

	++s$info$messages;

	if ( ! s$info?$sending_application && names[0] != "" )
		s$info$sending_application = names[0];

	if ( ! s$info?$sending_facility && names[1] != "" )
		s$info$sending_facility = names[1];

	if ( s$info$acknowledgements == 0 )
		name_receiver(s$info, names[2], names[3]);
	}

## The message header. Its first field is the separator itself, so numbers are one lower.
function read_header(c: connection, is_orig: bool, side: Side, header: string)
	{
	read_separators(side, header);
	local starts = field_starts(header, side$field, 20);
	local application = field_of(side, header, starts, 2);
	local kind = split_string(field_of(side, header, starts, 8), /\^|~/);
	local profile = plain(split_string1(field_of(side, header, starts, 20),
	    /~/)[0]);

	side$inside = T;
	side$kind = kind[0];
	side$sender_id = to_upper(instance(application)$namespace);
	note_message(c, side, header, starts, |kind| > 1 ? kind[0] + "^" + kind[1] :
	    kind[0]);
	tell_sender(c, is_orig, side, plain(application), plain(field_of(side, header,
	    starts, 3)));

	local version = plain(field_of(side, header, starts, 11));

	if ( ! c$iomt_hl7$info?$version && version != "" )
		c$iomt_hl7$info$version = version;

	if ( profile != "" )
		{
		list_once(c$iomt_hl7$info$profiles, profile);
		Asset::observed(c, is_orig, "hl7.profile", profile);
		}

	if ( side$kind in observations )
		Asset::observed(c, ! is_orig, "hl7.received", side$kind);
	}

## An observation request. Its numbers may be orders of patients: only a device's own identifier
## and the kind of a device are taken.
function read_request(c: connection, is_orig: bool, side: Side, segment: string)
	{
	tell_devices(c, is_orig, side);
	local starts = field_starts(segment, side$field, 4);

	for ( _, n in vector(3, 2) )
		{
		local own = eui64(instance(field_of(side, segment, starts, n))$id);

		if ( own != "" )
			{
			local d = device_at(side, "1");
			d$ids["eui64"] = own;
			break;
			}
		}

	local code = mdc_code(field_of(side, segment, starts, 4));

	if ( is_device_code(code) && "1" in side$devices )
		side$devices["1"]$claims["hl7.system_type"] = code;
	}

## A participation: only of equipment, never of persons. Lots and donations are not read.
function read_participation(side: Side, segment: string)
	{
	local starts = field_starts(segment, side$field, 22);

	if ( /(EQUIP(\^.*)?)?/ != field_of(side, segment, starts, 4) )
		return;

	local value = split_string1(field_of(side, segment, starts, 10), /~/)[0];
	local id = plain(split_string1(field_of(side, segment, starts, 16),
	    /[~\^]/)[0]);
	local serial = plain(field_of(side, segment, starts, 20));
	local ei = instance(value);

	if ( value == "" && ( id == "" || serial == "" ) )
		return;

	local d = device_at(side, "PRT" + value + serial);
	d$claims["hl7.device_identifier"] = id;
	d$claims["hl7.serial_number"] = serial;

	if ( /\(01\)[0-9]{14}.*\(21\).+/ == ei$id )
		{
		d$ids["udi"] = ei$id;
		d$claims["hl7.udi"] = ei$id;
		}
	else if ( id != "" && serial != "" )
		d$ids["udi"] = fmt("%s^%s", id, serial);
	else if ( ! starts_with(ei$id, "(01)") )
		# Without a serial number a UDI is the model's.
		add_instance(d, value);
	}

## Reads a segment that is wanted, without what ends it.
function read_segment(c: connection, is_orig: bool, side: Side, segment: string)
	{
	switch ( segment[0:3] )
		{
		case "MSH":
			read_header(c, is_orig, side, segment);
			break;
		case "OBR":
			read_request(c, is_orig, side, segment);
			break;
		case "OBX":
			read_observation(side, segment);
			break;
		case "PRT":
			read_participation(side, segment);
			break;
		case "EQU":
			local starts = field_starts(segment, side$field, 1);
			add_instance(device_at(side, "EQU"), field_of(side, segment, starts, 1));
			break;
		}
	}
