##! Whether services demand that one authenticates, and who does so in clear text. What was entered is
##! never kept. A log-in form within a web page is not seen: HTTP's own authentication is meant.

@load base/protocols/ftp
@load base/protocols/http
@load base/protocols/ldap
@load base/protocols/pop3
@load base/protocols/smtp
@load base/protocols/snmp
@load ../../protocols/dicom
@load ./services
@load-sigs ./login.sig

module Exposure;

export {
	## The responder asks for a password in a telnet session: called by a signature.
	##
	## Returns: always T.
	global telnet_asks: function(state: signature_state, data: string): bool;

	## The originator logs in to a mail box by IMAP: called by a signature.
	##
	## Returns: always T.
	global imap_login: function(state: signature_state, data: string): bool;
}

const clear = "credentials_in_clear";

# The rows of what responders showed to originators in this interval: nearly all show it again.
global shown: table[addr, addr, port, string, string] of Row;

hook interval_ends()
	{
	shown = table();
	}

## What a responder shows to an originator.
function show(c: connection, service: string, value: string)
	{
	local orig = c$id$orig_h;
	local resp = c$id$resp_h;
	local p = c$id$resp_p;

	if ( [orig, resp, p, service, value] in shown )
		{
		local again = shown[orig, resp, p, service, value];
		++again$n;
		again$last = network_time();
		return;
		}

	if ( ! is_ours(resp) )
		return;

	local limits = limits_met;
	local row = count_event(resp, "auth", "", p, value);
	add_peer(row, orig);
	add row$services[service];

	# What met a limit is counted each time that it does.
	if ( limits == limits_met && |shown| < max_kinds )
		shown[orig, resp, p, service, value] = row;
	}

## Says once per connection and interval how its responder authenticates; of credentials in clear
## text also that the originator sends such.
function tell_auth(c: connection, service: string, value: string)
	{
	local t = track(c);

	if ( ! t?$told )
		t$told = set();
	else if ( value in t$told )
		return;

	add t$told[value];

	show(c, service, value);

	if ( value == clear && is_ours(c$id$orig_h) )
		{
		local mine = count_event(c$id$orig_h, "auth", "", no_port, value);
		add_peer(mine, c$id$resp_h);
		add mine$services[service];
		}
	}

event http_header(c: connection, is_orig: bool, original_name: string,
    name: string, value: string)
	{
	# Every header comes by here.
	if ( ! is_orig || ( name != "COOKIE" && name != "AUTHORIZATION" ) )
		return;

	# Who shows a cookie may have logged in before.
	track(c)$authorized = T;

	if ( name == "AUTHORIZATION" && /^[ \t]*[bB][aA][sS][iI][cC] / in value )
		tell_auth(c, "http", clear);
	}

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	if ( code == 401 )
		tell_auth(c, "http", "demanded");
	else if ( code / 100 == 2 )
		tell_auth(c, "http", track(c)$authorized ? "passed" : "not_demanded");
	}

function is_guest(c: connection): bool
	{
	return c?$ftp && c$ftp?$user && to_lower(c$ftp$user) in FTP::guest_ids;
	}

event ftp_request(c: connection, command: string, arg: string)
	{
	if ( command == "PASS" && ! is_guest(c) )
		tell_auth(c, "ftp", clear);
	}

event ftp_reply(c: connection, code: count, msg: string, cont_resp: bool)
	{
	if ( code == 331 && ! is_guest(c) )
		tell_auth(c, "ftp", "demanded");
	else if ( code == 230 )
		tell_auth(c, "ftp", is_guest(c) ? "not_demanded" : "passed");
	}

# APOP, CRAM and the like do not show the password.
event pop3_request(c: connection, is_orig: bool, command: string, arg: string)
	{
	if ( command == "PASS"
	    || ( command == "AUTH" && /^(PLAIN|LOGIN)/ in to_upper(arg) ) )
		tell_auth(c, "pop3", clear);
	}

event smtp_request(c: connection, is_orig: bool, command: string, arg: string)
	{
	if ( to_upper(command) == "AUTH" && /^(PLAIN|LOGIN)/ in to_upper(arg) )
		tell_auth(c, "smtp", clear);
	}

function imap_login(state: signature_state, data: string): bool
	{
	tell_auth(state$conn, "imap", clear);
	return T;
	}

function telnet_asks(state: signature_state, data: string): bool
	{
	local c = state$conn;
	track(c)$spoken = "telnet";
	tell_auth(c, "telnet", "demanded");

	if ( ! track(c)?$asked )
		track(c)$asked = c$orig$size;

	return T;
	}

hook connection_seen(c: connection, is_new: bool, is_over: bool)
	{
	if ( c$iomt_exposure?$asked && c$orig$size > c$iomt_exposure$asked )
		tell_auth(c, "telnet", clear);

	# A community is a password; version 3 has none.
	if ( c?$snmp && c$snmp?$community )
		tell_auth(c, "snmp", clear);
	}

@ifdef ( LDAP::bind_request )
event LDAP::bind_request(c: connection, message_id: int, version: int,
    name: string, auth_type: LDAP::BindAuthType, auth_info: string)
	{
	if ( auth_type != LDAP::BindAuthType_BIND_AUTH_SIMPLE )
		return;

	# RFC 4513: an empty password is an anonymous bind, or is treated as one.
	tell_auth(c, "ldap", |auth_info| > 0 ? clear : "anonymous");
	}
@endif

event DICOM::log_dicom(rec: DICOM::Info)
	{
	if ( ! rec?$calling_ae
	    || rec$result !in set("accepted", "rejected")
	    || ! is_ours(rec$id$resp_h) )
		return;

	local row = count_event(rec$id$resp_h, "auth", rec$result == "accepted" ?
	    "accepted" : "refused", rec$id$resp_p, rec$calling_ae);
	add_peer(row, rec$id$orig_h);
	add row$services["dicom"];
	}
