##! Finds named elements in XML, by their full path and with namespaces. It is no validator: what is
##! not asked for is stepped over, a document type is refused, and nothing is ever expanded.

@load ./sections

module Xml;

export {
	## What is looked for.
	type Wanted: record {
		## The namespaces that matter, each with the short name that paths call it by. All others
		## are ``?``, and so is none.
		namespaces: table[string] of string;
		## Full paths of elements, ``/a:outer/b:inner``, of which text and attributes are wanted.
		paths: set[string];
		## Full paths of elements of which the end is wanted, too: they group what came before.
		groups: set[string];
		## Elements that may stand anywhere (``a:name``): paths begin anew at them (``//a:name``).
		anywhere: set[string] &default=set();
	};

	## One element that was found.
	type Element: record {
		path: string;
		## Its text, up to the first element in it.
		text: string &default="";
		## Its attributes that are in no namespace.
		attributes: table[string] of string &default=table();
		## Its text's words read as qualified names, with short names for the namespaces.
		names: vector of string &default=vector();
		## This is the end of a group.
		ends: bool &default=F;
	};

	## The most elements that may stand inside one another.
	option max_depth = 48;

	## The most tags of a document that are looked at.
	option max_tags = 20000;

	## Looks for elements.
	##
	## Returns: what was found, in the document's order; what was found before the damage if the
	##          document is not well-formed or too large.
	global find: function(document: string, wanted: Wanted): vector of Element;
}

# A tag ends where its quotes are balanced; a value holds no "<" (XML 1.0, 3.1), so that text without
# an end is not read again and again.
const tag =
    /<[^<>\x22\x27]+((\x22[^<\x22]*\x22|\x27[^<\x27]*\x27)[^<>\x22\x27]*)*>/;

# An attribute within a tag, with its value.
const attribute = /[a-zA-Z_][^ \t\r\n=<>\x22\x27]{0,60}[ \t\r\n]?=[ \t\r\n]?(\x22[^<\x22]*\x22|\x27[^<\x27]*\x27)/;

# Longer names are nobody's that is looked for, and would be carried along in every path; tags that
# are longer are stepped over.
const max_name = 128;
const max_tag = 8192;

# What may stand before the first tag.
const blank = /(\xef\xbb\xbf)?[ \t\r\n]*/;

const space = /[ \t\r\n]+/;

## Text with the five entities that every XML has; others stay as they are.
function plain(text: string): string
	{
	local s = strip(text);

	if ( "&" !in s )
		return s;

	s = subst_string(s, "&lt;", "<");
	s = subst_string(s, "&gt;", ">");
	s = subst_string(s, "&quot;", "\"");
	s = subst_string(s, "&apos;", "'");
	return subst_string(s, "&amp;", "&");
	}

## All attributes of a tag, namespace declarations among them.
function attributes_of(s: string): table[string] of string
	{
	local found: table[string] of string;

	for ( _, a in find_all_ordered(s, attribute) )
		{
		local parts = split_string1(a, /=/);
		local value = lstrip(parts[1], " \t\r\n");
		found[rstrip(parts[0], " \t\r\n")] = plain(value[1 : |value| - 1]);
		}

	return found;
	}

## A qualified name with the short name of its namespace.
function qualify(name: string, scope: table[string] of string, wanted: Wanted)
    : string
	{
	local parts = split_string1(name, /:/);
	local prefix = |parts| == 2 ? parts[0] : "";
	local uri = prefix in scope ? scope[prefix] : "";
	local short = uri in wanted$namespaces ? wanted$namespaces[uri] : "?";
	return short + ":" + parts[|parts| - 1];
	}

function find(document: string, wanted: Wanted): vector of Element
	{
	local found: vector of Element;
	# The path and the namespaces in scope, at each depth.
	local paths: vector of string = vector("");
	local scopes: vector of table[string] of string;
	local no_scope: table[string] of string;
	scopes += no_scope;
	local tokens = split_string_n(without_sections(document), tag, T, max_tags);
	local at = 1;

	if ( tokens[0] != blank )
		return found;

	while ( at + 1 < |tokens| )
		{
		local token = tokens[at];
		local text = tokens[at + 1];
		at += 2;

		if ( token[1] == "?" )
			{
			if ( |paths| == 1 && text != blank )
				return found;

			next;
			}

		if ( token[1] == "!" )
			{
			if ( /^<!(DOCTYPE|ENTITY)/ in token )
				return found;

			next;
			}

		local depth = |paths|;

		if ( token[1] == "/" )
			{
			if ( depth == 1 )
				return found;

			if ( paths[depth - 1] in wanted$groups )
				found += Element($path=paths[depth - 1], $ends=T);

			# Not by resize(), which never frees what it cuts off.
			paths = paths[: depth - 1];
			scopes = scopes[: depth - 1];
			next;
			}

		local closed = token[|token| - 2] == "/";
		local inner = token[1 : |token| - ( closed ? 2 : 1 )];
		local name = split_string1(inner, space)[0];
		local scope = scopes[depth - 1];

		if ( |name| > max_name )
			return found;

		# A tag as long as that carries an image or a document.
		local short = |token| <= max_tag;

		if ( short && "xmlns" in inner )
			{
			scope = copy(scope);

			for ( k, v in attributes_of(inner) )
				if ( k == "xmlns" )
					scope[""] = v;
				else if ( k[0:6] == "xmlns:" )
					scope[k[6:]] = v;
			}

		local called = short ? qualify(name, scope, wanted) : "?";
		local path = ( called in wanted$anywhere ? "/" : paths[depth - 1] ) + "/" +
		    called;

		# Where no tag follows the document is cut, and with it the text.
		if ( path in wanted$paths && ( closed || at < |tokens| ) )
			{
			local element = Element($path=path);

			if ( ! closed )
				element$text = plain(text);

			for ( k, v in attributes_of(inner) )
				if ( ":" !in k && k != "xmlns" )
					element$attributes[k] = v;

			for ( _, word in split_string(element$text, space) )
				element$names += qualify(word, scope, wanted);

			found += element;
			}

		if ( closed )
			{
			if ( path in wanted$groups )
				found += Element($path=path, $ends=T);

			next;
			}

		if ( depth > max_depth || |scope| > max_depth )
			return found;

		paths += path;
		scopes += scope;
		}

	return found;
	}
