##! The line that a message ends in.

module SDC;

export {
	## What was said of one medical device. The same is written once per interval.
	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## hello, probe, probe_match, resolve_match, metadata or mdib.
		message: string &log;
		## The endpoint's own address (``urn:uuid:…``), which a device keeps.
		endpoint: string &log &optional;
		## What it calls itself: the services' types that are known by name.
		types: vector of string &log &default=vector();
		## The part of the device that this is about (vmd or channel); without it, the device itself.
		part: string &log &optional;
		## The kind of device or part, as its number in the nomenclature of IEEE 11073-10101.
		device_type: string &log &optional;
		## Where it stands: facility, building, floor, point of care, room, bed.
		location: string &log &optional;
		## Who made it, and which model it is.
		manufacturer: string &log &optional;
		model_name: string &log &optional;
		model_number: string &log &optional;
		## The name that it has been given.
		friendly_name: string &log &optional;
		firmware_version: string &log &optional;
		serial_number: string &log &optional;
		## Its unique device identifier, and the part of it that names the model.
		udi: string &log &optional;
		device_identifier: string &log &optional;
		lot_number: string &log &optional;
		part_number: string &log &optional;
		## Revisions that its production specification states.
		hardware_versions: vector of string &log &default=vector();
		software_versions: vector of string &log &default=vector();
		firmware_versions: vector of string &log &default=vector();
	};
}
