##! HL7 version 3: the devices that send and receive messages, and those that wrote clinical documents
##! (CDA) or took part in them. All else, the patient above all, is stepped over.

@load ../../frameworks/asset
@load ../../frameworks/xml
@load ./device
@load ./main

module HL7;

export {
	## What is known of the part of a document that is being read.
	type Document: record {
		## The message only acknowledges another.
		acknowledges: bool &default=F;
		## Identifiers: root and extension, as far as they can be a device's.
		id: Instance &optional;
		## What it says of the device.
		model: string &default="";
		software: string &default="";
		code: string &default="";
		## A person stands where the device would.
		person: bool &default=F;
	};

	## All that is read of HL7 in XML.
	global wanted_xml: Xml::Wanted = Xml::Wanted($namespaces=table([
	    "urn:hl7-org:v2xml"] = "v2", ["urn:hl7-org:v3"] = "v3"),
	    $paths=set(), $groups=set());
}

# Where a device stands: within what, and by what name.
const holders: table[string] of string = {
	["//v3:sender"] = "/v3:device",
	["//v3:receiver"] = "/v3:device",
	["//v3:assignedAuthor"] = "/v3:assignedAuthoringDevice",
	["//v3:participantRole"] = "/v3:playingDevice",
};

# Identifiers of IEEE EUI-64 (ISO/IEEE 11073-20601).
const eui64_root = "1.2.840.10004.1.1.1.0.0.1.0.0.1.2680";

# The registers of persons and organisations, which HL7 keeps under one arc.
const registers = /^2\.16\.840\.1\.113883\.4\./;

# The nomenclature of ISO/IEEE 11073-10101.
const mdc = "2.16.840.1.113883.6.24";

event zeek_init() &priority=5
	{
	for ( _, root in vector("v3:interactionId", "v3:ClinicalDocument") )
		{
		add wanted_xml$anywhere[root];
		add wanted_xml$paths["//" + root];
		}

	for ( holder, device in holders )
		{
		add wanted_xml$anywhere[holder[2:]];
		add wanted_xml$groups[holder];
		add wanted_xml$paths[holder + "/v3:id"];
		add wanted_xml$paths[holder + "/v3:assignedPerson"];

		for ( _, member in vector("", "/v3:id", "/v3:code",
		    "/v3:manufacturerModelName", "/v3:softwareName") )
			add wanted_xml$paths[holder + device + member];
		}
	}

## Reads an identifier; the first that can be a device's counts.
function read_id(document: Document, attributes: table[string] of string)
	{
	local root = "root" in attributes ? attributes["root"] : "";
	local extension = "extension" in attributes ? attributes["extension"] : "";
	local named = "assigningAuthorityName" in attributes ?
	    attributes["assigningAuthorityName"] : "";

	if ( document?$id
	    || root == ""
	    || "nullFlavor" in attributes
	    || registers in root )
		return;

	if ( root == eui64_root || named == "EUI-64" )
		document$id = Instance($id=gsub(extension, /[-:]/, ""), $kind="EUI-64");
	else
		document$id = Instance($id=Asset::clean_value(extension),
		    $universal=Asset::clean_value(root), $kind="ISO");
	}

## An identifier in the form of version 2, as applications have it.
function as_application(id: Instance): string
	{
	return id$kind == "EUI-64" ? fmt("^%s^EUI-64", id$id) : fmt("%s^%s^%s", id$id,
	    id$universal, id$kind);
	}

## Says who sends a message of version 3.
function tell_sending_device(c: connection, is_orig: bool, document: Document)
	{
	local info = c$iomt_hl7$info;
	local application = document?$id ? as_application(document$id) :
	    document$software;

	Asset::observed(c, is_orig, document$acknowledges ? "hl7.receiving_application" :
	    "hl7.sending_application", application);
	Asset::observed(c, is_orig, "hl7.sending_model", document$model);
	Asset::observed(c, is_orig, "hl7.sending_software", document$software);

	if ( document$acknowledges )
		name_receiver(info, application, "");
	else if ( ! info?$sending_application && application != "" )
		info$sending_application = application;
	}

## Tells of a device that wrote a document, or that took part in what it is about. That may be an
## implant: only what has an EUI-64 is equipment.
function tell_documented(c: connection, is_orig: bool, document: Document,
    author: bool)
	{
	local d = Device();

	# A root alone is unique by itself.
	if ( document?$id )
		identify(d$ids, document$id$id != "" ? document$id : Instance(
		    $id=document$id$universal));

	if ( author )
		Asset::observed(c, is_orig, "hl7.document_software", document$software != "" ?
		    document$software : document$model);
	else if ( "eui64" !in d$ids )
		return;

	Asset::observed(c, ! is_orig, "hl7.received", "ClinicalDocument");
	d$claims["hl7.model"] = document$model;
	d$claims["hl7.software"] = document$software;

	if ( is_device_code(document$code) )
		d$claims["hl7.system_type"] = document$code;

	tell(c, is_orig, d);
	}

## Ends the part of a document that tells of one device.
function end_holder(c: connection, is_orig: bool, document: Document,
    holder: string)
	{
	local known = document$model + document$software != "";

	if ( holder == "//v3:sender" )
		tell_sending_device(c, is_orig, document);
	else if ( holder == "//v3:receiver" )
		{
		if ( document?$id
		    && c$iomt_hl7$info$acknowledgements == 0
		    && ! document$acknowledges )
			name_receiver(c$iomt_hl7$info, as_application(document$id), "");
		}
	else if ( known && ! document$person )
		tell_documented(c, is_orig, document, holder == "//v3:assignedAuthor");

	delete document$id;
	document$model = "";
	document$software = "";
	document$code = "";
	document$person = F;
	}

## Counts a message or document in the connection's line.
function count_document(c: connection, kind: string, acknowledges: bool)
	{
	count_kind(c$iomt_hl7, kind);

	if ( acknowledges )
		++c$iomt_hl7$info$acknowledgements;
	else
		++c$iomt_hl7$info$messages;
	}

## Reads an element of a message of version 3 or of a document.
function read_element(c: connection, is_orig: bool, document: Document,
    element: Xml::Element)
	{
	local words = split_string(element$path, /\/v3:/);
	local text = element$text;
	local attributes = element$attributes;

	# In documents written by hand the name is beside the text instead of in it.
	if ( text == "" && "displayName" in attributes )
		text = attributes["displayName"];

	if ( element$ends )
		{
		end_holder(c, is_orig, document, element$path);
		return;
		}

	switch ( words[|words| - 1] )
		{
		case "interactionId":
			local kind = "extension" in attributes ? attributes["extension"] : "";
			document$acknowledges = starts_with(kind, "MCCI_IN000002");

			if ( ! c$iomt_hl7$info?$version )
				c$iomt_hl7$info$version = "3";

			count_document(c, /[A-Z]{4}_[A-Z]{2}[0-9]{6}[A-Z0-9]{0,6}/ == kind ? kind :
			    "other", document$acknowledges);
			break;
		case "ClinicalDocument":
			count_document(c, "ClinicalDocument", F);
			break;
		case "assignedPerson":
			document$person = T;
			break;
		case "id":
			read_id(document, attributes);
			break;
		case "code":
			if ( "code" in attributes
			    && "codeSystem" in attributes
			    && attributes["codeSystem"] == mdc )
				document$code = attributes["code"];

			break;
		case "manufacturerModelName":
			document$model = Asset::clean_value(text);
			break;
		case "softwareName":
			document$software = Asset::clean_value(text);
			break;
		}
	}
