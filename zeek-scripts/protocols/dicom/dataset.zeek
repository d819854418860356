##! Walks the elements of a DICOM data set as its bytes arrive. Wanted values are kept, everything
##! else, patients' data above all, is stepped over by its length and never held.

@load ./consts

module DICOM;

export {
	## How far into a stored data set its elements are walked, in bytes. Values that nobody wants
	## cost nothing but their headers, however long they are.
	option max_header = 8192;

	## The longest value that is read, in bytes.
	const max_element = 1024;

	## The deepest nesting of sequences and items that is walked.
	const max_depth = 16;

	## A sequence or an item that is being walked.
	type Frame: record {
		is_item: bool;
		## It belongs to the UDI sequence, whose elements are read.
		wanted: bool;
		explicit: bool;
		## The offset after its last byte, or 0 if a delimiter ends it.
		end: count;
	};

	## A walk through one data set.
	type Walk: record {
		## How it is encoded; found from its first bytes where that was not seen negotiated.
		known: bool &default=T;
		explicit: bool &default=F;
		big: bool &default=F;
		## The elements to read.
		wanted: set[count];
		## The last of them: nothing is read beyond it.
		last: count;
		## How many bytes may be walked.
		limit: count;
		## What was read.
		values: table[count] of string &default=table();

		pending: string &default="";
		skip: count &default=0;
		## The offset of the next element.
		offset: count &default=0;
		latest: count &default=0;
		frames: vector of Frame &default=vector();
		## Nothing more will be read.
		done: bool &default=F;
		## The bytes are no data set.
		broken: bool &default=F;
	};
}

function number(w: Walk, data: string, at: count, size: count): count
	{
	return bytestring_to_count(data[at : at + size], ! w$big);
	}

## Ends a walk through bytes that are no data set.
##
## Returns: 0, for the caller to pass on.
function broken(w: Walk): count
	{
	w$broken = T;
	w$done = T;
	return 0;
	}

## Finds the encoding of a data set from its first eight bytes; every stored data set begins in
## group 0008.
function infer_encoding(w: Walk, data: string): bool
	{
	local is_explicit = vr == data[4:6];

	if ( data[0:2] == "\x08\x00" )
		w$explicit = is_explicit;
	else if ( data[0:2] == "\x00\x08" && is_explicit )
		{
		w$explicit = T;
		w$big = T;
		}
	else
		return F;

	# No first element of a data set is long.
	if ( ! is_explicit && number(w, data, 4, 4) > 1024 )
		return F;

	w$known = T;
	return T;
	}

## Opens a sequence or an item of which the header ends at *start*.
function push_frame(w: Walk, is_item: bool, wanted: bool, explicit: bool,
    start: count, len: count)
	{
	if ( |w$frames| >= max_depth )
		broken(w);

	w$frames += Frame($is_item=is_item, $wanted=wanted, $explicit=explicit,
	    $end=len == UNDEFINED_LENGTH ? 0 : start + len);
	}

function pop_frame(w: Walk)
	{
	resize(w$frames, |w$frames| - 1);
	}

## Steps over a value of which the header was read, whether or not it has arrived.
##
## Returns: how many bytes header and value take.
function step_over(w: Walk, header: count, len: count): count
	{
	w$limit += len;
	return header + len;
	}

## An item or delimiter, which has no value representation.
##
## Returns: how many bytes it takes.
function delimiter(w: Walk, tag: count, len: count): count
	{
	if ( |w$frames| == 0 )
		return broken(w);

	local frame = w$frames[|w$frames| - 1];

	if ( tag == ITEM && ! frame$is_item )
		{
		if ( ! frame$wanted && len != UNDEFINED_LENGTH )
			return step_over(w, 8, len);

		push_frame(w, T, frame$wanted, frame$explicit, w$offset + 8, len);
		return 8;
		}

	if ( ( tag == ITEM_END && frame$is_item )
	    || ( tag == SEQUENCE_END && ! frame$is_item ) )
		{
		pop_frame(w);
		return 8;
		}

	return broken(w);
	}

## An element of which the header is complete.
##
## Returns: how many bytes it takes, 0 if its value has not arrived yet.
function element(w: Walk, data: string, at: count, tag: count,
    value_rep: string, header: count, len: count): count
	{
	local nested = |w$frames| > 0;
	local explicit = nested ? w$frames[|w$frames| - 1]$explicit : w$explicit;
	local is_udi = ! nested && tag == UDI_SEQUENCE && tag in w$wanted;

	if ( len == UNDEFINED_LENGTH || ( is_udi && value_rep in set("", "SQ") ) )
		{
		# Of undefined length are sequences; UN hides one in implicit encoding (PS3.5 6.2.2).
		if ( value_rep !in set("", "SQ", "UN") )
			return broken(w);

		push_frame(w, F, is_udi, explicit
		    && value_rep != "UN", w$offset + header, len);
		return header;
		}

	local wanted = nested ? tag == UDI && w$frames[|w$frames| - 1]$wanted : tag in
	    w$wanted;

	if ( ! wanted || len > max_element )
		return step_over(w, header, len);

	if ( |data| < at + header + len )
		return 0;

	w$values[tag] = data[at + header : at + header + len];
	return header + len;
	}

## Walks over the element at *at*.
##
## Returns: how many bytes it takes, 0 if more must arrive first.
function next_element(w: Walk, data: string, at: count): count
	{
	while ( |w$frames| > 0
	    && w$frames[|w$frames| - 1]$end > 0
	    && w$offset >= w$frames[|w$frames| - 1]$end )
		pop_frame(w);

	if ( |data| < at + 8 )
		return 0;

	if ( ! w$known && ! infer_encoding(w, data) )
		return broken(w);

	local tag = number(w, data, at, 2) * 65536 + number(w, data, at + 2, 2);

	if ( tag >= ITEM )
		return delimiter(w, tag, number(w, data, at + 4, 4));

	# Elements are in the order of their tags, so what is out of order is no data set.
	if ( |w$frames| == 0 )
		{
		if ( tag < w$latest )
			return broken(w);

		if ( tag > w$last )
			{
			w$done = T;
			return 0;
			}

		w$latest = tag;
		}

	local explicit = |w$frames| > 0 ? w$frames[|w$frames| - 1]$explicit :
	    w$explicit;

	if ( ! explicit )
		return element(w, data, at, tag, "", 8, number(w, data, at + 4, 4));

	local value_rep = data[at + 4 : at + 6];

	if ( vr != value_rep )
		return broken(w);

	if ( value_rep !in long_vr )
		return element(w, data, at, tag, value_rep, 8, number(w, data, at + 6, 2));

	if ( |data| < at + 12 )
		return 0;

	return element(w, data, at, tag, value_rep, 12, number(w, data, at + 8, 4));
	}

## Walks on with the bytes that follow the earlier ones.
function walk(w: Walk, fragment: string)
	{
	if ( w$done )
		return;

	if ( w$skip >= |fragment| )
		{
		w$skip -= |fragment|;
		return;
		}

	local data = w$pending + fragment[w$skip :];
	local at = 0;
	w$skip = 0;

	while ( ! w$done && at < |data| )
		{
		local used = next_element(w, data, at);

		if ( used == 0 )
			break;

		at += used;
		w$offset += used;
		w$done = w$done || w$offset >= w$limit;
		}

	w$skip = at > |data| ? at - |data| : 0;
	w$pending = w$done || at >= |data| ? "" : data[at:];
	}
