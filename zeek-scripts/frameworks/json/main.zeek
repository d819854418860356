##! Finds named texts in JSON by their path. It is no validator: what is not asked for is stepped
##! over, and neither numbers nor nested values are ever kept.

module Json;

export {
	## What is looked for.
	type Wanted: record {
		## Paths of texts, as ``/outer/inner``; lists add nothing to a path.
		paths: set[string];
		## Paths of objects of which the end is wanted, too: they group what came before.
		groups: set[string];
	};

	## One text that was found.
	type Member: record {
		path: string;
		text: string &default="";
		## This is the end of a group.
		ends: bool &default=F;
	};

	## The most objects and lists that may stand inside one another.
	option max_depth = 48;

	## The most texts and marks of a document that are looked at.
	option max_tokens = 60000;

	## Looks for texts.
	##
	## Returns: what was found, in the document's order, up to where it ends or is damaged.
	global find: function(document: string, wanted: Wanted): vector of Member;
}

# Escapes that would hide where a text ends, and what stands for them meanwhile: control characters,
# which JSON itself does not have. So each quote begins or ends a text, and is looked at once.
const escaped_backslash = /\\\\/;
const escaped_quote = /\\\x22/;

const token = /\x22[^\x22]*\x22|[\[\]\x7b\x7d,]/;

# A longer name is nobody's that is looked for, and would be carried along in every path.
const max_name = 64;

## A text with its quotes, without its escapes; the empty string if it is none.
function plain(text: string): string
	{
	local whole = subst_string(subst_string(text, "\x01", "\\\\"), "\x02", "\\\"");
	local parsed = from_json(whole, string);
	return parsed$valid ? ( parsed$v as string ) : "";
	}

function find(document: string, wanted: Wanted): vector of Member
	{
	local found: vector of Member;
	# The path at each depth, and whether it is of an object.
	local paths: vector of string;
	local objects: vector of bool;
	local name = "";
	local named = F;
	local tokens = split_string_n(gsub(gsub(document, escaped_backslash, "\x01"),
	    escaped_quote, "\x02"), token, T, max_tokens);
	local at = 1;

	while ( at + 1 < |tokens| )
		{
		local t = tokens[at];
		local depth = |paths|;
		local path = depth > 0 ? paths[depth - 1] : "";

		# Where an object has no name yet, a text is one.
		if ( named )
			path = path + "/" + name;

		at += 2;

		switch ( t[0] )
			{
			case "\x7b", "[":
				if ( depth >= max_depth )
					return found;

				paths += path;
				objects += t[0] != "[";
				named = F;
				break;
			case "\x7d", "]":
				if ( depth == 0 )
					return found;

				if ( objects[depth - 1] && paths[depth - 1] in wanted$groups )
					found += Member($path=paths[depth - 1], $ends=T);

				# Not by resize(), which never frees what it cuts off.
				paths = paths[: depth - 1];
				objects = objects[: depth - 1];
				named = F;
				break;
			case ",":
				named = F;
				break;
			default:
				if ( depth > 0 && objects[depth - 1] && ! named )
					{
					if ( |t| > max_name )
						return found;

					name = t[1 : |t| - 1];
					named = T;
					}
				else if ( path in wanted$paths )
					found += Member($path=path, $text=plain(t));

				break;
			}
		}

	return found;
	}
