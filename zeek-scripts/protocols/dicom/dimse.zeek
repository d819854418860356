##! DICOM messages: which requests are made, and from which devices the stored data sets come.

@load ../../frameworks/asset
@load ../../frameworks/stream
@load ./association
@load ./charset
@load ./consts
@load ./dataset
@load ./types

module DICOM;

export {
	## After this many data sets in a row that tell of the same device the rest of the connection
	## is not looked at; 0 follows it to its end.
	option max_repeats = 0;

	## The most data sets of an association that wait for their acknowledgement.
	const max_stores = 64;
}

const command_words = set(AFFECTED_SOP_CLASS, REQUESTED_SOP_CLASS,
    COMMAND_FIELD, MESSAGE_ID, MESSAGE_ID_RESPONDED_TO, COMMAND_DATA_SET_TYPE,
    STATUS);

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

## A number of a command, 0 if it is not there.
function word(w: Walk, tag: count): count
	{
	return tag in w$values && |w$values[tag]| == 2 ? bytestring_to_count(
	    w$values[tag], T) : 0;
	}

## The SOP class of a command.
function sop_class_of(w: Walk): string
	{
	for ( _, tag in vector(AFFECTED_SOP_CLASS, REQUESTED_SOP_CLASS) )
		if ( tag in w$values )
			return uid_of(w$values[tag]);

	return "";
	}

## Prepares for the data set that a C-STORE request announces.
function expect_dataset(c: connection, is_orig: bool, side: Side,
    message: count, sop_class: string)
	{
	local s = c$iomt_dicom;
	local syntax = side$context in s$contexts ? s$contexts[side$context]$transfer : "";

	if ( |s$stores| < max_stores )
		s$stores[is_orig, message] = Store($sop_class=sop_class);

	side$message = message;
	add_once(s$info$transfer_syntaxes, syntax);

	# It would have to be inflated to be read.
	if ( syntax in deflated )
		return;

	side$dataset = Walk($known=syntax != "",
	    $explicit=syntax != IMPLICIT_LITTLE_ENDIAN,
	    $big=syntax == EXPLICIT_BIG_ENDIAN, $wanted=dataset_elements,
	    $last=SOFTWARE_VERSIONS, $limit=max_header);
	}

## A request that is complete.
function request(c: connection, is_orig: bool, side: Side, kind: count, w: Walk)
	{
	local s = c$iomt_dicom;

	# What was not agreed on is no request, if the agreement was seen.
	if ( s$info$result == "accepted"
	    && ! ( side$context in s$contexts && s$contexts[side$context]$accepted ) )
		return;

	local name = requests[kind];
	local sop_class = sop_class_of(w);

	if ( name !in s$operations )
		s$operations[name] = 0;

	++s$operations[name];
	add_once(s$info$sop_classes, sop_class);
	Asset::observed(c, is_orig, "dicom.sop_class", sop_class);

	if ( kind == C_STORE_RQ && word(w, COMMAND_DATA_SET_TYPE) != NO_DATA_SET )
		expect_dataset(c, is_orig, side, word(w, MESSAGE_ID), sop_class);
	}

## The acknowledgement of a data set.
function acknowledge(c: connection, is_orig: bool, w: Walk)
	{
	local stores = c$iomt_dicom$stores;
	local message = word(w, MESSAGE_ID_RESPONDED_TO);
	local status = STATUS in w$values ? word(w, STATUS) : 0xffff;

	# In a capture of this side alone the request was not seen.
	local stored = Store($sop_class=sop_class_of(w));

	if ( [! is_orig, message] in stores )
		{
		stored = stores[! is_orig, message];
		delete stores[! is_orig, message];
		}

	# Success, or a warning about data that was stored all the same (PS3.4 B.2.3).
	if ( status != 0 && status / 0x1000 != 0xb )
		return;

	Asset::observed(c, is_orig, "dicom.store_scp", stored$sop_class);

	if ( stored$subject != "" )
		Asset::described(c, is_orig, stored$subject, "dicom.received", "C-STORE");
	}

function command_read(c: connection, is_orig: bool, side: Side)
	{
	local w = side$words;
	local kind = word(w, COMMAND_FIELD);
	delete side$words;
	delete side$dataset;

	if ( kind in requests )
		request(c, is_orig, side, kind, w);
	else if ( kind == C_STORE_RSP )
		acknowledge(c, is_orig, w);
	}

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

## Tells of the device that made a data set. Its subject is the same in every data set it makes.
function dataset_read(c: connection, is_orig: bool, side: Side)
	{
	local s = c$iomt_dicom;
	local w = side$dataset;
	delete side$dataset;

	if ( w$broken )
		return;

	local values: table[count] of string;
	local charset = CHARACTER_SET in w$values ? rstrip(w$values[CHARACTER_SET]) : "";

	for ( tag, raw in w$values )
		values[tag] = decode(raw, charset);

	local identity: vector of string;
	local known = F;

	for ( _, tag in vector(MANUFACTURER, MODEL_NAME, SERIAL_NUMBER, STATION_NAME) )
		{
		identity += tag in values ? Asset::clean_value(values[tag]) : "";
		known = known || identity[|identity| - 1] != "";
		}

	# Without any of them there is no telling one device from another.
	if ( ! known )
		return;

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

	if ( [is_orig, side$message] in s$stores )
		s$stores[is_orig, side$message]$subject = subject;

	add_once(s$info$subjects, subject);
	s$repeats = subject == s$subject ? s$repeats + 1 : 0;
	s$subject = subject;

	if ( max_repeats > 0 && s$repeats >= max_repeats )
		Stream::done(c);
	}
