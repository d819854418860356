##! The line that a resource ends in.

module FHIR;

export {
	## What a resource says of a device or of a server's software. The same is written once per
	## interval.
	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## Device or CapabilityStatement.
		resource: string &log &default="";
		## Whether the originator of the connection sent it.
		is_orig: bool &log;
		## The device, as in iomt_asset.log.
		subject: string &log &optional;
		## Who made it, and which it is.
		manufacturer: string &log &optional;
		model_name: string &log &optional;
		model_number: string &log &optional;
		serial_number: string &log &optional;
		versions: vector of string &log &default=vector();
		## Its unique device identifier, as people read it.
		udi: string &log &optional;
		## The kind of device, as its number in the nomenclature of IEEE 11073-10101.
		device_type: string &log &optional;
		## The server's software, and the release of FHIR that it speaks.
		software_name: string &log &optional;
		software_version: string &log &optional;
		fhir_version: string &log &optional;
	};
}
