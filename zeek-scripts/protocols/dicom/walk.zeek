##! What is known of a DICOM data set while its elements are walked, and how far inside it a walk is.

@load ./consts

module DICOM;

export {
	## The deepest nesting of sequences and items that is walked.
	const max_depth = 16;

	## A sequence or an item that is being walked.
	type Frame: record {
		is_item: bool;
		## The sequence of which the elements are read, 0 if they are not.
		within: count;
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
		## One element more that is read where it comes, and whether the last was passed.
		beyond: count &default=0;
		passed: bool &default=F;
		## How many bytes may be walked.
		limit: count;
		## What was read.
		values: table[count] of string &default=table();
		## What was read of each equipment that contributed.
		items: vector of table[count] of string &default=vector();

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
		## What was read up to the last wanted element was told, and of which equipment.
		told: bool &default=F;
		identity: vector of string &default=vector();
	};
}

# The sequences of which elements are read, each with these elements.
const read_within: table[count] of set[count] = {
	[UDI_SEQUENCE] = set(UDI),
	[CONTRIBUTING_EQUIPMENT] = set(MANUFACTURER, STATION_NAME, MODEL_NAME,
	    SERIAL_NUMBER, SOFTWARE_VERSIONS),
	[PURPOSE] = set(CODE_VALUE, CODING_SCHEME),
};

## Ends a walk through bytes that are no data set.
##
## Returns: 0, for the caller to pass on.
function broken(w: Walk): count
	{
	# What was passed in good order stays good.
	w$broken = ! w$passed;
	w$done = T;
	return 0;
	}

## Opens a sequence or an item of which the header ends at *start*.
function push_frame(w: Walk, is_item: bool, within: count, explicit: bool,
    start: count, len: count)
	{
	if ( |w$frames| >= max_depth )
		broken(w);

	w$frames += Frame($is_item=is_item, $within=within, $explicit=explicit,
	    $end=len == UNDEFINED_LENGTH ? 0 : start + len);
	}

function pop_frame(w: Walk)
	{
	# Not by resize(), which never frees what it cuts off.
	w$frames = w$frames[: |w$frames| - 1];
	}

## Closes what ends where the walk is.
function pop_ended(w: Walk)
	{
	while ( |w$frames| > 0
	    && w$frames[|w$frames| - 1]$end > 0
	    && w$offset >= w$frames[|w$frames| - 1]$end )
		pop_frame(w);
	}
