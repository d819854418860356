##! What is known of a DICOM association while it is under way, and the line it ends in.

@load ./walk

module DICOM;

export {
	## An association, as the analyst sees it.
	type Info: record {
		## When it was requested.
		ts: time &log;
		## The connection's unique id.
		uid: string &log;
		## The connection's endpoints.
		id: conn_id &log;
		## The application entity that asks.
		calling_ae: string &log &optional;
		## The application entity that is asked for.
		called_ae: string &log &optional;
		## accepted, rejected, aborted or unanswered.
		result: string &log &default="unanswered";
		## Who rejected or aborted, and why.
		reason: string &log &optional;
		## The toolkit of the side that asks, and its release.
		requester_implementation_uid: string &log &optional;
		requester_implementation_version: string &log &optional;
		## The toolkit of the side that is asked, and its release.
		acceptor_implementation_uid: string &log &optional;
		acceptor_implementation_version: string &log &optional;
		## How the side that asks proves who uses it. The credentials themselves are never read.
		user_identity: string &log &optional;
		## How many presentation contexts were accepted.
		accepted_contexts: count &log &default=0;
		## The SOP classes of the requests that were made.
		sop_classes: vector of string &log &default=vector();
		## The transfer syntaxes of the data sets that were stored.
		transfer_syntaxes: vector of string &log &default=vector();
		## How often each request was made (``C-STORE=12``).
		operations: vector of string &log &default=vector();
		## The devices that made the stored data sets, as in iomt_asset.log.
		subjects: vector of string &log &default=vector();
	};

	## The part of a direction that comes next.
	type Phase: enum {
		PDU_HEADER,
		ASSOCIATE_FIXED,
		ASSOCIATE_ITEM,
		ANSWER,
		PDV_HEADER,
		PDV,
	};

	## One direction of an association.
	type Side: record {
		phase: Phase &default=PDU_HEADER;
		## The type of the data unit that is being read, and how many of its bytes are to come.
		pdu: count &default=0;
		left: count &default=0;
		## The presentation context that is being read.
		context: count &default=0;
		## How many bytes of a fragment are to come, whether it is of a command, and the last one.
		pdv_left: count &default=0;
		command: bool &default=F;
		last: bool &default=F;
		## The walks through a command and through a stored data set.
		words: Walk &optional;
		dataset: Walk &optional;
		## The request that the data set belongs to, and whether that reports a procedure step.
		message: count &default=0;
		step: bool &default=F;
	};

	## A presentation context.
	type Context: record {
		abstract: string &default="";
		transfer: string &default="";
		accepted: bool &default=F;
	};

	## A data set on its way, by the request that brings it.
	type Store: record {
		sop_class: string;
		subject: string &default="";
	};

	## An association that is under way.
	type State: record {
		info: Info &optional;
		orig: Side &default=Side();
		resp: Side &default=Side();
		## Whether the originator asked for the association.
		requester: bool &default=T;
		contexts: table[count] of Context &default=table();
		operations: table[string] of count &default=table();
		## Data sets not yet acknowledged, by their sender and message id.
		stores: table[bool, count] of Store &default=table();
		## The device that the latest data set told of, and how many told of it in a row before.
		subject: string &default="";
		repeats: count &default=0;
		## How many data sets in a row named nobody who contributed to them.
		alone: count &default=0;
		## The roles that were told: whose, by a command and its SOP class.
		roles: set[bool, count, string] &default=set();
	};
}

redef record connection += {
	iomt_dicom: State &optional;
};
