##! Reads the records of a DNS message, all sections alike. Damage ends the reading quietly.

module Evidence;

export {
	## A name in a message.
	type DNSName: record {
		## Its labels; none if it is the root or damaged.
		labels: vector of string;
		## Where the message goes on behind it; 0 if it is damaged.
		after: count;
	};

	## A resource record.
	type DNSRecord: record {
		## The labels of the name that it is of.
		labels: vector of string;
		## Its type.
		rtype: count;
		## Where its data begin in the message; names in them may point to elsewhere.
		data_at: count;
		## Its data.
		data: string;
	};

	## Reads a name that begins at *start*.
	global read_name: function(message: string, start: count): DNSName;

	## Reads the records of a message, up to the first damaged one.
	global read_records: function(message: string): vector of DNSRecord;
}

const max_labels = 127;
const max_jumps = 8;
const max_records = 64;
const max_questions = 32;

function read_name(message: string, start: count): DNSName
	{
	local labels: vector of string = vector();
	local damaged = DNSName($labels=vector(), $after=0);
	local at = start;
	local after = 0;
	local jumps = 0;

	while ( at < |message| && |labels| <= max_labels )
		{
		local len = bytestring_to_count(message[at]);

		if ( len == 0 )
			return DNSName($labels=labels, $after=( jumps == 0 ? at + 1 : after ));

		if ( len >= 192 )
			{
			if ( at + 2 > |message| || jumps == max_jumps )
				return damaged;

			if ( jumps == 0 )
				after = at + 2;

			++jumps;
			at = bytestring_to_count(message[at : at + 2]) - 49152;
			next;
			}

		if ( len > 63 || at + 1 + len > |message| )
			return damaged;

		labels += message[at + 1 : at + 1 + len];
		at += 1 + len;
		}

	return damaged;
	}

function read_records(message: string): vector of DNSRecord
	{
	local records: vector of DNSRecord = vector();

	if ( |message| < 12 )
		return records;

	local questions = bytestring_to_count(message[4:6]);
	local at = 12;

	if ( questions > max_questions )
		return records;

	while ( questions > 0 )
		{
		at = read_name(message, at)$after;

		if ( at == 0 )
			return records;

		at += 4;
		--questions;
		}

	while ( at < |message| && |records| < max_records )
		{
		local name = read_name(message, at);

		if ( name$after == 0 || name$after + 10 > |message| )
			break;

		at = name$after;
		local data_at = at + 10;
		local len = bytestring_to_count(message[at + 8 : at + 10]);

		if ( data_at + len > |message| )
			break;

		records += DNSRecord($labels=name$labels, $rtype=bytestring_to_count(message[at : at
		    + 2]), $data_at=data_at, $data=message[data_at : data_at +
		    len]);
		at = data_at + len;
		}

	return records;
	}
