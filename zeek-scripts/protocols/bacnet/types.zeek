##! The line that a message ends in, and the numbers that are looked at.

module BACnet;

export {
	## What was said of one device. The same is written once per interval.
	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## i_am or properties.
		message: string &log;
		## The device's number, unique in the whole network.
		instance: count &log &optional;
		## The network behind a router that it is in.
		network: count &log &optional;
		## Who made it.
		vendor_id: count &log &optional;
		vendor_name: string &log &optional;
		model_name: string &log &optional;
		serial_number: string &log &optional;
		firmware_revision: string &log &optional;
		application_software_version: string &log &optional;
		## Its name and place, given by the site.
		object_name: string &log &optional;
		location: string &log &optional;
	};

	## The kind of object that stands for the device itself.
	const DEVICE = 8;

	## Properties of a device (ASHRAE 135, clause 21).
	const APPLICATION_SOFTWARE_VERSION = 12;
	const FIRMWARE_REVISION = 44;
	const LOCATION = 58;
	const MODEL_NAME = 70;
	const OBJECT_NAME = 77;
	const VENDOR_IDENTIFIER = 120;
	const VENDOR_NAME = 121;
	const SERIAL_NUMBER = 372;
}
