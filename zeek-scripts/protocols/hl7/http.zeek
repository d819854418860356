##! HL7 in the bodies of HTTP messages that say so, and in those that are XML. Other bodies are not
##! looked at.

@load base/protocols/conn/removal-hooks
@load ../../frameworks/body
@load ./main
@load ./xml

module HL7;

hook finish_http(c: connection)
	{
	finish(c);
	}

## Whether a body begins with a message header: with its separators, a type alone proves nothing.
function wants_body(head: string): bool
	{
	return /^[\x0b\r\n]*MSH[!-\/:-@\[-`{-~]{4}/ in head[:16];
	}

## Begins to read bodies of a connection.
function begin_http(c: connection)
	{
	if ( c?$iomt_hl7 )
		return;

	c$iomt_hl7 = State();
	Conn::register_removal_hook(c, finish_http);
	}

## Reads a body, of one or of several messages.
function read_body(c: connection, is_orig: bool, body: string)
	{
	begin_http(c);
	local side = Side($phase=SEGMENT);
	# The last segment may lack its end.
	feed(c, is_orig, side, "http", body + "\r");
	end_message(c, is_orig, side);
	}

function read_xml_body(c: connection, is_orig: bool, body: string)
	{
	begin_http(c);
	read_xml(c, is_orig, Side($phase=SEGMENT), "http", body);
	}

event zeek_init()
	{
	Body::register(Body::Reader($subtypes=set("hl7-v2", "hl7-v2+er7"),
	    $wants=wants_body, $read=read_body));
	Body::register(Body::Reader($subtypes=set("xml", "soap+xml", "xop+xml",
	    "hl7-v2+xml", "hl7-v3+xml", "hl7-cda+xml", "cda+xml", "xml+cda"),
	    $wants=is_xml, $read=read_xml_body));
	}
