##! Takes out of XML what is no element but may look like one: comments and processing instructions
##! are dropped, character data (CDATA) becomes the text that it stands for.

module Xml;

export {
	## The most marks of comments, instructions and character data that are looked at; a document
	## with more ends there.
	option max_sections = 4000;
}

const mark = /<!--|-->|<!\[CDATA\[|\]\]>|<\?|\?>/;

# What ends each of them; whatever else stands within is no mark.
const ends: table[string] of string = {
	["<!--"] = "-->",
	["<![CDATA["] = "]]>",
	["<?"] = "?>",
};

## A document in which only elements begin with a bracket. It ends where such a section has no end.
function without_sections(document: string): string
	{
	if ( /<!(--|\[CDATA\[)|[\x00-\xff]<\?/ !in document )
		return document;

	local parts: vector of string;
	local section = "";
	local tokens = split_string_n(document, mark, T, max_sections);

	# Every other part is a mark; the last holds all further ones if there are too many.
	for ( i, token in tokens )
		{
		if ( i >= 2 * max_sections )
			break;

		if ( section != "" )
			{
			if ( i % 2 == 1 && token == ends[section] )
				section = "";
			else if ( section == "<![CDATA[" )
				parts += gsub(gsub(gsub(token, /&/, "&amp;"), /</, "&lt;"), />/, "&gt;");
			}
		else if ( i % 2 == 1 && token in ends )
			section = token;
		else
			parts += token;
		}

	return join_string_vec(parts, "");
	}
