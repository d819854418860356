##! DICOM messages: which requests are made, and from which devices the stored data sets come.

@load ../../frameworks/asset
@load ../../frameworks/stream
@load ./association
@load ./consts
@load ./dataset
@load ./equipment
@load ./roles
@load ./step
@load ./types

module DICOM;

export {
	## After this many data sets in a row that tell of the same device the rest of the connection
	## is not looked at; 0 follows it to its end.
	option max_repeats = 0;

	## The most data sets of an association that wait for their acknowledgement.
	const max_stores = 64;

	## After this many data sets in a row that name no equipment that contributed, the others of an
	## association are not searched for it.
	const max_alone = 4;
}

const command_words = set(AFFECTED_SOP_CLASS, REQUESTED_SOP_CLASS,
    COMMAND_FIELD, MESSAGE_ID, MESSAGE_ID_RESPONDED_TO, COMMAND_DATA_SET_TYPE,
    STATUS);

## Remembers that a request's data set is awaited.
function await(c: connection, is_orig: bool, side: Side, message: count,
    sop_class: string): string
	{
	local s = c$iomt_dicom;

	if ( |s$stores| < max_stores )
		s$stores[is_orig, message] = Store($sop_class=sop_class);

	side$message = message;
	return side$context in s$contexts ? s$contexts[side$context]$transfer : "";
	}

## Prepares for the data set that a request announces: up to which element it is walked.
function expect_dataset(side: Side, syntax: string, wanted: set[count],
    last: count, beyond: count)
	{
	# It would have to be inflated to be read.
	if ( syntax in deflated )
		return;

	side$dataset = new_walk(syntax, wanted, last, beyond);
	}

## A request that is complete.
function request(c: connection, is_orig: bool, side: Side, kind: count, w: Walk)
	{
	local s = c$iomt_dicom;

	# What was not agreed on is no request, if the agreement was seen.
	if ( s$info$result == "accepted"
	    && ! ( side$context in s$contexts && s$contexts[side$context]$accepted ) )
		return;

	local name = requests[kind];
	local sop_class = sop_class_of(w);

	if ( name !in s$operations )
		s$operations[name] = 0;

	++s$operations[name];
	add_once(s$info$sop_classes, sop_class);
	Asset::observed(c, is_orig, "dicom.sop_class", sop_class);
	tell_role(c, is_orig, side, kind, sop_class);
	side$step = F;

	if ( word(w, COMMAND_DATA_SET_TYPE) == NO_DATA_SET )
		return;

	local syntax: string;

	if ( kind == C_STORE_RQ )
		{
		syntax = await(c, is_orig, side, word(w, MESSAGE_ID), sop_class);
		add_once(s$info$transfer_syntaxes, syntax);
		expect_dataset(side, syntax, dataset_elements, SOFTWARE_VERSIONS, s$alone <
		    max_alone ? CONTRIBUTING_EQUIPMENT : 0);
		}
	else if ( kind == N_CREATE_RQ && sop_class == PERFORMED_STEP )
		{
		syntax = await(c, is_orig, side, word(w, MESSAGE_ID), sop_class);
		expect_dataset(side, syntax, step_elements, PERFORMED_STATION_NAME, 0);
		side$step = T;
		}
	}

## The acknowledgement of a request that brought a data set.
function acknowledge(c: connection, is_orig: bool, kind: count, w: Walk)
	{
	local stores = c$iomt_dicom$stores;
	local message = word(w, MESSAGE_ID_RESPONDED_TO);

	# In a capture of this side alone the request was not seen.
	local stored = Store($sop_class=sop_class_of(w));

	if ( [! is_orig, message] in stores )
		{
		stored = stores[! is_orig, message];
		delete stores[! is_orig, message];
		}

	if ( ! is_success(w) )
		return;

	if ( kind == C_STORE_RSP )
		Asset::observed(c, is_orig, "dicom.store_scp", stored$sop_class);
	else if ( stored$sop_class == PERFORMED_STEP )
		# A broker may report a step before it acknowledges it, under the modality's own title.
		Asset::observed(c, is_orig, "dicom.intermediary",
		    "performed procedure step SCP");

	if ( stored$subject != "" )
		Asset::described(c, is_orig, stored$subject, "dicom.received", requests[kind -
		    RESPONSE]);
	}

function command_read(c: connection, is_orig: bool, side: Side)
	{
	local w = side$words;
	local kind = word(w, COMMAND_FIELD);
	delete side$words;
	delete side$dataset;

	if ( kind in requests )
		{
		request(c, is_orig, side, kind, w);
		return;
		}

	if ( kind < RESPONSE || kind - RESPONSE !in requests )
		return;

	if ( is_success(w) || is_pending(w) )
		tell_role(c, is_orig, side, kind, sop_class_of(w));

	if ( kind == C_STORE_RSP || kind == N_CREATE_RSP )
		acknowledge(c, is_orig, kind, w);
	}

## Tells of the device that made a data set, as soon as enough of it was read.
function tell_maker(c: connection, is_orig: bool, side: Side)
	{
	local s = c$iomt_dicom;
	local w = side$dataset;
	w$told = T;

	if ( w$broken )
		return;

	local values = decoded(w$values, CHARACTER_SET in w$values ?
	    w$values[CHARACTER_SET] : "");
	local subject: string;

	if ( side$step )
		subject = tell_step(c, is_orig, values);
	else
		{
		w$identity = identity_of(values);

		# Without any of them there is no telling one device from another.
		if ( |w$identity| == 0 )
			return;

		subject = tell_equipment(c, is_orig, w$identity, values);
		}

	if ( subject == "" )
		return;

	if ( [is_orig, side$message] in s$stores )
		s$stores[is_orig, side$message]$subject = subject;

	add_once(s$info$subjects, subject);
	s$repeats = subject == s$subject ? s$repeats + 1 : 0;
	s$subject = subject;
	}

## A data set of which enough was read, or all that is wanted.
function dataset_read(c: connection, is_orig: bool, side: Side)
	{
	local s = c$iomt_dicom;
	local w = side$dataset;

	if ( ! w$told )
		tell_maker(c, is_orig, side);

	if ( ! w$done )
		return;

	delete side$dataset;
	end_walk(w);

	# Nobody else handles images of an association of which the first ones name nobody.
	s$alone = |w$items| > 0 ? 0 : s$alone + 1;

	for ( _, item in w$items )
		tell_contributor(c, is_orig, w$identity, decoded(item, CHARACTER_SET in
		    w$values ? w$values[CHARACTER_SET] : ""));

	if ( max_repeats > 0 && s$repeats >= max_repeats )
		Stream::done(c);
	}
