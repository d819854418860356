##! Which services the two sides of an association use and offer, as they show by using them.

@load ../../frameworks/asset
@load ./association
@load ./consts
@load ./types

module DICOM;

export {
	## The SOP class of performed procedure steps, as a modality reports them (PS3.4 F.7).
	const PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3";

	## The services of requests whose SOP class says what they serve, by that class or by what it
	## begins with.
	const services: table[string] of string = {
		["1.2.840.10008.1.20.1"] = "storage commitment",
		["1.2.840.10008.1.20.2"] = "storage commitment",
		["1.2.840.10008.3.1.2.3.3"] = "performed procedure step",
		["1.2.840.10008.3.1.2.3.4"] = "performed procedure step",
		["1.2.840.10008.3.1.2.3.5"] = "performed procedure step",
		["1.2.840.10008.5.1.4.31"] = "worklist",
		["1.2.840.10008.5.1.4.33"] = "instance availability",
	};
}

# Print management and unified procedure steps have a class for each of their parts.
const print_class = /^1\.2\.840\.10008\.5\.1\.1\.[0-9.]+$/;
const unified_step_class = /^1\.2\.840\.10008\.5\.1\.4\.34\.6\.[0-9]+$/;

# A hostile side could make up many.
const max_roles = 64;

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

## Whether a response says success, or a warning about what was done all the same (PS3.7 C.1, C.3).
function is_success(w: Walk): bool
	{
	local status = STATUS in w$values ? word(w, STATUS) : 0xffff;
	return status in set(0, 1, 0x107, 0x116) || status / 0x1000 == 0xb;
	}

## Whether a response says that there will be more.
function is_pending(w: Walk): bool
	{
	return word(w, STATUS) in set(0xff00, 0xff01);
	}

## The service that a request is of; the empty string if it cannot be told.
function service_of(operation: string, sop_class: string): string
	{
	switch ( operation )
		{
		case "C-STORE":
			return "storage";
		case "C-ECHO":
			return "verification";
		case "C-GET", "C-MOVE":
			return operation;
		}

	if ( sop_class in services )
		return services[sop_class];

	if ( unified_step_class in sop_class )
		return "unified procedure step";

	if ( operation == "C-FIND" )
		return "query";

	return print_class in sop_class ? "print" : "";
	}

## Tells the role of a side that made a request or answered it well. Only events are reported by the
## provider of a service (PS3.7 10.1.1).
function tell_role(c: connection, is_orig: bool, side: Side, command: count,
    sop_class: string)
	{
	local s = c$iomt_dicom;

	# A response need not repeat it.
	if ( sop_class == "" && side$context in s$contexts )
		sop_class = s$contexts[side$context]$abstract;

	if ( [is_orig, command, sop_class] in s$roles || |s$roles| >= max_roles )
		return;

	add s$roles[is_orig, command, sop_class];
	local answers = command >= RESPONSE;
	local request = answers ? command - RESPONSE : command;
	local service = service_of(requests[request], sop_class);

	if ( service != "" )
		Asset::observed(c, is_orig, "dicom.role", fmt("%s %s", service, answers == (
		    request == N_EVENT_REPORT_RQ ) ? "SCU" : "SCP"));
	}
