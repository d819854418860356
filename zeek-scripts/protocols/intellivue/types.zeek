##! The line that a message ends in.

@load ./consts

module IntelliVue;

export {
	## What a monitor said, or an association. The same is written once per interval.
	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## connect_indication, mds_create, association_request or association_accept.
		message: string &log;
		## Who made the monitor, and its model number.
		manufacturer: string &log &optional;
		model: string &log &optional;
		## The serial and the part number of the product as a whole.
		serial_number: string &log &optional;
		part_number: string &log &optional;
		## Revisions of its hardware, software and firmware.
		hardware_versions: vector of string &log &default=vector();
		software_versions: vector of string &log &default=vector();
		firmware_versions: vector of string &log &default=vector();
		## The kind of system, as its number in the nomenclature of IEEE 11073-10101.
		system_type: count &log &optional;
		## The hardware and network address that it states.
		mac: string &log &optional;
		address: addr &log &optional;
		## The bed or place, as the site named it.
		bed_label: string &log &optional;
	};
}
