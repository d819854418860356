##! Walks the elements of a DICOM data set as its bytes arrive. Wanted values are kept, everything
##! else, patients' data above all, is stepped over by its length and never held.

@load ./consts
@load ./walk

module DICOM;

export {
	## How far into a stored data set its elements are walked, in bytes. Values that nobody wants
	## cost nothing but their headers, however long they are.
	option max_header = 8192;

	## The longest value that is read, in bytes.
	const max_element = 1024;

	## The most items of contributing equipment that are read.
	const max_items = 8;
}

function number(w: Walk, data: string, at: count, size: count): count
	{
	return bytestring_to_count(data[at : at + size], ! w$big);
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
		local within = frame$within;

		if ( within == CONTRIBUTING_EQUIPMENT )
			{
			if ( |w$items| < max_items )
				w$items[|w$items|] = table();
			else
				within = 0;
			}

		if ( within == 0 && len != UNDEFINED_LENGTH )
			return step_over(w, 8, len);

		push_frame(w, T, within, frame$explicit, w$offset + 8, len);
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

## Whether an element is a sequence of which elements are read.
function enters_sequence(w: Walk, within: count, nested: bool, tag: count): bool
	{
	if ( nested )
		return within == CONTRIBUTING_EQUIPMENT && tag == PURPOSE;

	return tag in read_within && ( tag in w$wanted || tag == w$beyond );
	}

## An element of which the header is complete.
##
## Returns: how many bytes it takes, 0 if its value has not arrived yet.
function element(w: Walk, data: string, at: count, tag: count,
    value_rep: string, header: count, len: count): count
	{
	local nested = |w$frames| > 0;
	local explicit = nested ? w$frames[|w$frames| - 1]$explicit : w$explicit;
	local within = nested ? w$frames[|w$frames| - 1]$within : 0;
	local enters = enters_sequence(w, within, nested, tag);

	if ( len == UNDEFINED_LENGTH || ( enters && value_rep in set("", "SQ") ) )
		{
		# Of undefined length are sequences; UN hides one in implicit encoding (PS3.5 6.2.2).
		if ( value_rep !in set("", "SQ", "UN") )
			return broken(w);

		push_frame(w, F, enters ? tag : 0, explicit
		    && value_rep != "UN", w$offset + header, len);
		return header;
		}

	if ( ! ( nested ? within > 0 && tag in read_within[within] : tag in w$wanted )
	    || len > max_element )
		return step_over(w, header, len);

	if ( |data| < at + header + len )
		return 0;

	local value = data[at + header : at + header + len];

	if ( ! nested || within == UDI_SEQUENCE )
		w$values[tag] = value;
	else if ( |w$items| > 0 )
		w$items[|w$items| - 1][tag] = value;

	return header + len;
	}

## Walks over the element at *at*.
##
## Returns: how many bytes it takes, 0 if more must arrive first.
function next_element(w: Walk, data: string, at: count): count
	{
	pop_ended(w);

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
			if ( tag > w$beyond )
				{
				w$done = T;
				return 0;
				}

			w$passed = T;
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

## Begins a walk through a data set in a transfer syntax, the empty string if that is not known.
function new_walk(syntax: string, wanted: set[count], last: count,
    beyond: count): Walk
	{
	return Walk($known=syntax != "", $explicit=syntax != IMPLICIT_LITTLE_ENDIAN,
	    $big=syntax == EXPLICIT_BIG_ENDIAN, $wanted=wanted, $last=last,
	    $beyond=beyond, $limit=max_header);
	}

## Ends a walk where the data set does.
function end_walk(w: Walk)
	{
	# What ends within an element was cut.
	if ( ! w$done && ! w$passed && ( w$skip > 0 || w$pending != "" ) )
		w$broken = T;

	w$done = T;
	pop_ended(w);

	# Of contributing equipment that was cut nothing is told.
	if ( |w$frames| > 0 )
		w$items = vector();
	}
