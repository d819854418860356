##! What a modality says of itself when it reports a procedure step that it performs (MPPS). Changes
##! of a step cannot name the station any more (PS3.4 F.7.2).

@load ../../frameworks/asset
@load ./consts
@load ./types

module DICOM;

const step_elements = set(CHARACTER_SET, MODALITY, PERFORMED_STATION_AE_TITLE,
    PERFORMED_STATION_NAME);

## Tells of the station that performs a step, if it is the one that speaks: a broker reports the
## steps of others, under a title of its own.
##
## Returns: the station's subject, empty if there is nothing to tell.
function tell_step(c: connection, is_orig: bool, values: table[count] of string)
    : string
	{
	local s = c$iomt_dicom;
	local told: vector of string;

	for ( _, tag in vector(PERFORMED_STATION_AE_TITLE, PERFORMED_STATION_NAME,
	    MODALITY) )
		told += tag in values ? Asset::clean_value(values[tag]) : "";

	if ( told[0] == ""
	    || ( told[1] == "" && told[2] == "" )
	    || is_orig != s$requester
	    || ! s$info?$calling_ae
	    || s$info$calling_ae != told[0] )
		return "";

	local subject = "dicom:" + sha256_hash("step\n" + join_string_vec(told, "\n"))[:32];

	Asset::described(c, is_orig, subject, "dicom.performed_station_ae_title",
	    told[0]);
	Asset::described(c, is_orig, subject, "dicom.performed_station_name", told[1]);
	Asset::described(c, is_orig, subject, "dicom.performed_modality", told[2]);
	return subject;
	}
