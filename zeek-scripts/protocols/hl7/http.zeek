##! HL7 version 2 in the bodies of HTTP messages that say so. Other bodies are not looked at.

@load base/protocols/conn/removal-hooks
@load ../../frameworks/body
@load ./main

module HL7;

hook finish_http(c: connection)
	{
	finish(c);
	}

## Whether a body begins with a message header.
function wants_body(head: string): bool
	{
	return starts_with(lstrip(head[:16], "\x0b\r\n"), "MSH");
	}

## Reads a body, of one or of several messages.
function read_body(c: connection, is_orig: bool, body: string)
	{
	if ( ! c?$iomt_hl7 )
		{
		c$iomt_hl7 = State();
		Conn::register_removal_hook(c, finish_http);
		}

	local side = Side($phase=SEGMENT);
	# The last segment may lack its end.
	feed(c, is_orig, side, "http", body + "\r");
	end_message(c, is_orig, side);
	}

event zeek_init()
	{
	Body::register(Body::Reader($subtypes=set("hl7-v2", "hl7-v2+er7"),
	    $wants=wants_body, $read=read_body));
	}
