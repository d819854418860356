##! DICOM over clear HTTP: who stores, fetches and looks up by DICOMweb (QIDO-RS, WADO-RS, STOW-RS)
##! and WADO-URI, and who serves that. It is recognised by content types and the query; URLs are
##! looked at and never kept, because they name patients and studies.

@load base/protocols/http
@load ../../frameworks/asset

module DICOM;

export {
	## The most devices of one HTTP request whose storing is still to be acknowledged.
	const max_stored = 64;
}

## What is known of an HTTP connection that carries DICOM.
type Web: record {
	## Whether the latest message of each side has parts.
	has_parts: table[bool] of bool &default=table();
	## The service that the latest request used by what it sent.
	asked: string &default="";
	## The latest answer is the metadata of data sets, and not a list that has what was asked for.
	is_metadata: bool &default=F;
	## The devices of which the latest request stored something.
	stored: set[string] &default=set();
};

redef record connection += {
	iomt_dicom_web: Web &optional;
};

const dicom_subtypes = set("dicom", "dicom+json", "dicom+xml");

# Of a URL the query's name for WADO-URI, and the ends of paths that tell services apart.
const wado_uri = /[?&]requestType=WADO(&|$)/;
const metadata_path = /^[^?]*\/metadata\/?(\?|$)/;
const workitems_path = /^[^?]*\/workitems(\/|\?|$)/;
const study_path = /^[^?]*\/studies\/[0-9.]+(\/series\/[0-9.]+(\/instances\/[0-9.]+(\/frames\/[0-9,]+)?)?)?(\?|$)/;
const absolute_url = /^[a-zA-Z]+:\/\//;

## The target of the latest request; the empty string if it was not seen.
function web_target(c: connection): string
	{
	return c?$http && c$http?$uri ? c$http$uri : "";
	}

## Tells one side's part in a service, unless it only passes on what others say.
function tell_web(c: connection, is_orig: bool, service: string)
	{
	if ( c?$http && c$http?$proxied )
		return;

	if ( is_orig )
		{
		Asset::observed(c, T, "dicom.role", service + " client");
		return;
		}

	# What is asked of a proxy by its full URL is answered by somebody else.
	if ( absolute_url in web_target(c) )
		return;

	Asset::observed(c, F, "dicom.role", service + " server");
	Asset::observed(c, F, "dicom.intermediary", service + " server");
	}

function tell_both(c: connection, service: string)
	{
	tell_web(c, T, service);
	tell_web(c, F, service);
	}

function is_well_answered(c: connection): bool
	{
	return c?$http && c$http?$status_code && c$http$status_code / 100 == 2;
	}

## Remembers whom a file tells of that a side has sent: who fetched it has it now, who was given it
## has it once it says so.
function note_web(c: connection, is_orig: bool, subject: string)
	{
	if ( ! is_orig )
		Asset::described(c, T, subject, "dicom.received", "HTTP");
	else if ( c?$iomt_dicom_web && |c$iomt_dicom_web$stored| < max_stored )
		add c$iomt_dicom_web$stored[subject];
	}

## The service that brought an answer of a DICOM type.
function service_of_answer(c: connection, subtype: string, has_parts: bool)
    : string
	{
	local target = web_target(c);

	if ( subtype == "dicom" )
		{
		if ( has_parts )
			return "WADO-RS";

		return wado_uri in target ? "WADO-URI" : "DICOM over HTTP";
		}

	if ( metadata_path in target )
		return "WADO-RS";

	return workitems_path in target ? "UPS-RS" : "QIDO-RS";
	}

## Whether an answer brings what was asked for.
function is_fetched(c: connection, is_orig: bool): bool
	{
	return ! is_orig
	    && is_well_answered(c)
	    && c$http?$method
	    && c$http$method == "GET";
	}

event http_content_type(c: connection, is_orig: bool, ty: string, subty: string)
	{
	local kind = to_lower(ty);
	local subtype = to_lower(subty);
	local is_dicom = kind == "application" && subtype in dicom_subtypes;

	if ( ! is_dicom && kind != "multipart" )
		return;

	if ( ! c?$iomt_dicom_web )
		c$iomt_dicom_web = Web();

	local web = c$iomt_dicom_web;

	if ( ! is_dicom )
		{
		web$has_parts[is_orig] = subtype == "related";

		# Parts that are encoded as a whole are not taken apart by Zeek.
		if ( web$has_parts[is_orig]
		    && is_fetched(c, is_orig)
		    && study_path in web_target(c) )
			tell_both(c, "WADO-RS");

		return;
		}

	local has_parts = is_orig in web$has_parts && web$has_parts[is_orig];

	web$is_metadata = ! is_orig && metadata_path in web_target(c);

	if ( is_orig )
		{
		web$asked = has_parts ? "STOW-RS" : "DICOMweb";
		tell_web(c, T, web$asked);
		}
	else if ( is_fetched(c, is_orig) )
		tell_both(c, service_of_answer(c, subtype, has_parts));
	}

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	# Pictures are answered in any type.
	if ( code / 100 == 2 && wado_uri in web_target(c) )
		tell_both(c, "WADO-URI");

	if ( ! c?$iomt_dicom_web || code < 200 )
		return;

	local web = c$iomt_dicom_web;
	web$has_parts = table();

	if ( code / 100 == 2 && web$asked != "" )
		tell_web(c, F, web$asked);

	if ( code == 200 )
		for ( subject in web$stored )
			Asset::described(c, F, subject, "dicom.received", "HTTP");

	web$asked = "";
	web$stored = set();
	}
