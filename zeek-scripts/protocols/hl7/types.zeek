##! What is known of an HL7 connection while it is under way, and the line it ends in.

module HL7;

export {
	## The messages of a connection, as the analyst sees them.
	type Info: record {
		## When the first of them was seen.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## How messages were told apart: mllp, bare (no framing bytes) or http.
		framing: string &log;
		## The first sender: application and facility.
		sending_application: string &log &optional;
		sending_facility: string &log &optional;
		## Its peer: as it names itself in an acknowledgement, else as the sender calls it.
		receiving_application: string &log &optional;
		receiving_facility: string &log &optional;
		## The version of HL7.
		version: string &log &optional;
		## The profiles that messages say they follow.
		profiles: vector of string &log &default=vector();
		## How many messages and how many acknowledgements were seen.
		messages: count &log &default=0;
		acknowledgements: count &log &default=0;
		## How often each kind of message was sent (``ORU^R01=12``).
		message_types: vector of string &log &default=vector();
		## The devices that messages tell of, as in iomt_asset.log.
		subjects: vector of string &log &default=vector();
	};

	## What is being read of a direction.
	type Phase: enum {
		## Bytes before the first message whose start was seen.
		LOST,
		## The start of a segment.
		SEGMENT,
		## A segment that nobody wants.
		UNWANTED,
	};

	## What a message says of a device.
	type Device: record {
		## Unique identifiers by their kind (eui64, mac, uuid, udi), and by what is left (serial).
		ids: table[string] of string &default=table();
		## Claims by their field; those of a part of the device count only if it has none itself.
		claims: table[string] of string &default=table();
		part_claims: table[string] of string &default=table();
		part_ids: table[string] of string &default=table();
		## The part of the device that made the claims above, and whether several did.
		part: string &default="";
		parts_differ: bool &default=F;
		## Whether it is an infusion pump, of which a part is known to be the device itself.
		is_pump: bool &default=F;
	};

	## One direction of a connection.
	type Side: record {
		phase: Phase &default=LOST;
		## Bytes that were not used; only of a file, a stream keeps its own.
		pending: string &default="";
		## Whether a message is under way, and the separators that its header chose.
		inside: bool &default=F;
		end_of_segment: string &default="\r";
		field: string &default="|";
		component: string &default="^";
		repetition: string &default="~";
		escape: string &default="\\";
		subcomponent: string &default="&";
		## The message's kind, and the identifier of the sending application.
		kind: string &default="";
		sender_id: string &default="";
		## The devices of one observation request, by their place in the containment tree.
		devices: table[string] of Device &default=table();
		## Those places, in the message's order.
		places: vector of string &default=vector();
		## The latest equipment instance of a result, which most repeat.
		instance: string &default="";
		## A message in XML, as far as it has arrived.
		collecting: bool &default=F;
		parts: vector of string &default=vector();
		bytes: count &default=0;
	};

	## A connection that is under way.
	type State: record {
		info: Info &optional;
		orig: Side &default=Side();
		resp: Side &default=Side();
		kinds: table[string] of count &default=table();
		## The second that is under way, and what was looked at in it.
		second: time &default=double_to_time(0.0);
		segments: count &default=0;
	};
}

redef record connection += {
	iomt_hl7: State &optional;
};
