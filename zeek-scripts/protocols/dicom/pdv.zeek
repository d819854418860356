##! Fragments of commands and data sets, as P-DATA carries them.

@load ./association
@load ./dimse
@load ./types

module DICOM;

export {
	## The longest command that is read, in bytes.
	const max_command = 4096;
}

## A fragment that was read or stepped over.
function fragment_end(c: connection, is_orig: bool, side: Side)
	{
	if ( side$left > 0 )
		side$phase = PDV_HEADER;

	if ( ! side$last )
		return;

	if ( side$command )
		command_read(c, is_orig, side);
	else if ( side?$dataset )
		{
		end_walk(side$dataset);
		dataset_read(c, is_orig, side);
		}
	}

## The header of a fragment of a command or data set (PS3.8 9.3.5.1, E.2).
function pdv_header(c: connection, is_orig: bool, side: Side, data: string,
    at: count): count
	{
	if ( side$left < 6 )
		return malformed(c);

	if ( |data| < at + 6 )
		return 0;

	local len = bytestring_to_count(data[at : at + 4]);
	local control = bytestring_to_count(data[at + 5 : at + 6]);

	if ( len < 2 || len + 4 > side$left )
		return malformed(c);

	side$context = bytestring_to_count(data[at + 4 : at + 5]);
	side$command = control % 2 == 1;
	side$last = control / 2 % 2 == 1;
	side$pdv_left = len - 2;
	side$phase = PDV;

	if ( side$command && ! side?$words )
		side$words = Walk($wanted=command_words, $last=STATUS, $limit=max_command);

	take(side, 6);

	if ( side$pdv_left == 0 )
		fragment_end(c, is_orig, side);

	return 6;
	}

## A fragment, or as much of it as has arrived. What nobody reads is stepped over at once, before it
## has arrived.
function pdv(c: connection, is_orig: bool, side: Side, data: string, at: count)
    : count
	{
	local used = side$pdv_left;
	local reads = side$command ? ! side$words$done : side?$dataset;

	if ( reads && |data| - at < used )
		used = |data| - at;

	if ( reads )
		walk(side$command ? side$words : side$dataset, data[at : at + used]);

	side$pdv_left -= used;
	take(side, used);

	if ( ! side$command
	    && side?$dataset
	    && ( side$dataset$done || ( side$dataset$passed && ! side$dataset$told ) ) )
		dataset_read(c, is_orig, side);

	if ( side$pdv_left == 0 )
		fragment_end(c, is_orig, side);

	return used;
	}
