##! Names and numbers of HL7 v2, and of the ISO/IEEE 11073-10101 nomenclature (MDC) that devices use in it.

module HL7;

export {
	## The longest segment that is read, in bytes; longer ones are stepped over.
	const max_segment = 4096;

	## The most devices that are told of one observation request.
	const max_devices = 32;

	## The most values in a vector of the log, and the most kinds of messages that are counted.
	const max_listed = 32;

	## Segments that are read. All others, the patient's among them, are stepped over.
	const wanted_segments: set[string] = {
		"MSH",
		"OBR",
		"OBX",
		"PRT",
		"EQU"
	};

	## Messages with what devices measured; who takes them in may pass them on.
	const observations: set[string] = {
		"ORU",
		"OUL"
	};

	## MDC codes of observations that identify a device. The value of no other is read.
	const identity_codes: table[string] of string = {
		["67880"] = "hl7.model",
		["67972"] = "hl7.system_id",
		["531969"] = "hl7.model",
		["531970"] = "hl7.manufacturer",
		["531972"] = "hl7.serial_number",
		["531973"] = "hl7.part_number",
		["531974"] = "hl7.hardware_versions",
		["531975"] = "hl7.software_versions",
		["531976"] = "hl7.firmware_versions",
	};

	## Claims about a device, in the order in which they are made.
	const claimed = vector("hl7.equipment_instance", "hl7.equipment_identifier",
	    "hl7.eui", "hl7.mac", "hl7.udi", "hl7.device_identifier",
	    "hl7.system_id", "hl7.system_type", "hl7.manufacturer", "hl7.model",
	    "hl7.serial_number", "hl7.part_number", "hl7.hardware_versions",
	    "hl7.software_versions", "hl7.firmware_versions", "hl7.software");

	## MDC codes of infusion pumps.
	const pumps: set[string] = {
		"69985",
		"70049",
		"70053"
	};
}

## Whether an MDC code is of a medical device system, the top of a containment tree.
function is_device_code(code: string): bool
	{
	if ( /[0-9]{5}/ != code )
		return F;

	local number = to_count(code);
	# In this part of the nomenclature every system is followed by its parts: virtual device, channel.
	return number > 65536 && number < 73728 && number % 4 == 1;
	}
