##! Which SNMPv3 engine answers, by the identifier that it gives itself (RFC 3411, snmpEngineID). It is
##! in clear also where the rest is encrypted. Users and contexts are never looked at.

@load base/protocols/snmp
@load ./local

module Evidence;

# A text may be the host's name.
redef Asset::host_name_fields += {"snmp.engine_text"};

const USM = 3;

# Kinds of identifiers.
const ENGINE_IPV4 = 1;
const ENGINE_IPV6 = 2;
const ENGINE_MAC = 3;
const ENGINE_TEXT = 4;

const engine_text = /[\x21-\x7e][\x20-\x7e]*/;

## The length that stands at a place in BER, and how many bytes it takes: 0 if none is there.
type Length: record {
	value: count &default=0;
	size: count &default=0;
};

function length_at(data: string, at: count): Length
	{
	if ( at >= |data| )
		return Length();

	local first = bytestring_to_count(data[at]);

	if ( first < 128 )
		return Length($value=first, $size=1);

	# Of security parameters none is longer than two bytes can say.
	if ( first == 129 && at + 1 < |data| )
		return Length($value=bytestring_to_count(data[at + 1]), $size=2);

	if ( first == 130 && at + 2 < |data| )
		return Length($value=bytestring_to_count(data[at + 1 : at + 3]), $size=3);

	return Length();
	}

## The engine in the security parameters of the user-based model (RFC 3414, 2.4), which begin with it;
## the empty string if there is none of an allowed length.
function engine_of(params: string): string
	{
	local whole = length_at(params, 1);
	local at = 1 + whole$size;

	if ( |params| < 2 || params[0] != "\x30" || at + whole$value != |params| )
		return "";

	local own = length_at(params, at + 1);
	local start = at + 1 + own$size;

	if ( own$size != 1
	    || own$value < 5
	    || own$value > 32
	    || params[at] != "\x04"
	    || start + own$value > |params| )
		return "";

	return params[start : start + own$value];
	}

## What the engine's name is made of.
function tell_parts(c: connection, is_orig: bool, kind: count, data: string)
	{
	if ( kind == ENGINE_IPV4 && |data| == 4 )
		tell(c, is_orig, "snmp.engine_address", cat(raw_bytes_to_v4_addr(data)));
	else if ( kind == ENGINE_IPV6 && |data| == 16 )
		tell(c, is_orig, "snmp.engine_address", cat(raw_bytes_to_v6_addr(data)));
	else if ( kind == ENGINE_MAC && |data| == 6 )
		{
		local mac = mac_text(data);

		if ( Asset::is_host_mac(mac) )
			tell(c, is_orig, "snmp.engine_mac", mac);
		}
	else if ( kind == ENGINE_TEXT && engine_text == data )
		tell(c, is_orig, "snmp.engine_text", data);
	}

## Tells the engine of who sent a message, if that is the one with authority: it is for messages that
## ask for no answer, which are answers, reports and traps (RFC 3412, 6.4 and RFC 3414, 3.1).
function tell_engine(c: connection, is_orig: bool, header: SNMP::Header)
	{
	if ( ! header?$v3
	    || header$v3$reportable_flag
	    || header$v3$security_model != USM )
		return;

	local engine = engine_of(header$v3$security_params);

	if ( engine == "" )
		return;

	local first = bytestring_to_count(engine[0:4]);
	tell(c, is_orig, "snmp.engine_id", string_to_ascii_hex(engine));

	# Before the first bit there was no kind, and all behind the number was the enterprise's own.
	if ( first < 0x80000000 )
		{
		tell(c, is_orig, "snmp.engine_enterprise", cat(first));
		return;
		}

	tell(c, is_orig, "snmp.engine_enterprise", cat(first - 0x80000000));
	tell_parts(c, is_orig, bytestring_to_count(engine[4]), engine[5:]);
	}

event snmp_response(c: connection, is_orig: bool, header: SNMP::Header,
    pdu: SNMP::PDU)
	{
	tell_engine(c, is_orig, header);
	}

event snmp_report(c: connection, is_orig: bool, header: SNMP::Header,
    pdu: SNMP::PDU)
	{
	tell_engine(c, is_orig, header);
	}

event snmp_trapV2(c: connection, is_orig: bool, header: SNMP::Header,
    pdu: SNMP::PDU)
	{
	tell_engine(c, is_orig, header);
	}

event snmp_encrypted_pdu(c: connection, is_orig: bool, header: SNMP::Header)
	{
	tell_engine(c, is_orig, header);
	}
