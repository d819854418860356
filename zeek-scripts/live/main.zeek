##! Offers the rows that the connector reads to those who ask for them, the moment they are written:
##! as JSON over Zeek's own WebSocket. Not loaded by default, because it listens.
##!
##! On a cluster the manager listens. Whoever is let in may send any event to Zeek; so it listens on
##! loopback, or asks for a certificate (tls_options).

@load base/frameworks/cluster
@load base/frameworks/notice
@load base/protocols/dhcp
@load ../frameworks/asset
@load ../frameworks/exposure

module Live;

export {
	## Where it listens.
	const listen_addr = 127.0.0.1 &redef;

	## The port at which it listens.
	const listen_port = 4680/tcp &redef;

	## The certificate and its key, and whose certificates are let in. Without one, nothing is encrypted.
	const tls_options = Cluster::WebSocketTLSOptions() &redef;

	## How often it is told that the feed is alive, and how many rows there were.
	option beat_interval = 10sec;

	## What clients subscribe to.
	const topic = "wardwatch/live";

	## A row of a log. A beat has neither log nor line, and the number of the last row.
	##
	## run: names this process of Zeek, from its start to its end.
	##
	## number: of the row in that run, from 1 on, so that it shows where some are missing.
	##
	## line: as the log has it where that is JSON, but for spans of time, which are texts.
	global row: event(run: string, number: count, log: string, line: string);
}

global run = unique_id("");
global number = 0;

# On a cluster the manager numbers the rows; others, which write notices, hand theirs to it.
function is_manager(): bool
	{
	return ! Cluster::is_enabled()
	    || Cluster::local_node_type() == Cluster::MANAGER;
	}

event Live::handed(log: string, line: string)
	{
	Cluster::publish(topic, row, run, ++number, log, line);
	}

function tell(log: string, line: string)
	{
	if ( is_manager() )
		Cluster::publish(topic, row, run, ++number, log, line);
	else
		Cluster::publish(Cluster::manager_topic, Live::handed, log, line);
	}

function beat()
	{
	Cluster::publish(topic, row, run, number, "", "");
	}

## A line with the ends of its connection as columns of their own, like in a log.
function with_ends(line: string, id: conn_id): string
	{
	return fmt("%s,\"id.orig_h\":\"%s\",\"id.orig_p\":%d,\"id.resp_h\":\"%s\",\"id.resp_p\":%d}",
	    line[0 : -1], id$orig_h, port_to_count(id$orig_p), id$resp_h,
	    port_to_count(id$resp_p));
	}

event Asset::log_iomt_asset(rec: Asset::Info)
	{
	local plain = copy(rec);
	delete plain$id;
	local line = to_json(plain, T);
	tell("iomt_asset", rec?$id ? with_ends(line, rec$id) : line);
	}

event Exposure::log_iomt_exposure(rec: Exposure::Info)
	{
	# The log has names for these that are none in a script. Within a text, quotes stand behind a backslash.
	local line = sub(to_json(rec, T), /,\"n\":/, ",\"count\":");
	tell("iomt_exposure", sub(line, /,\"num\":/, ",\"port\":"));
	}

event Notice::log_notice(rec: Notice::Info)
	{
	local plain = copy(rec);
	delete plain$id;
	delete plain$p;
	local line = to_json(plain, T);

	if ( rec?$p )
		line = fmt("%s,\"p\":%d}", line[0 : -1], port_to_count(rec$p));

	tell("notice", rec?$id ? with_ends(line, rec$id) : line);
	}

event DHCP::log_dhcp(rec: DHCP::Info)
	{
	tell("dhcp", to_json(rec, T));
	}

# Whoever comes is told at once where the rows are.
event Cluster::websocket_client_added(endpoint: Cluster::EndpointInfo,
    subscriptions: string_vec)
	{
	for ( _, wanted in subscriptions )
		if ( wanted == topic )
			beat();
	}

event Live::on_time()
	{
	beat();
	schedule beat_interval { Live::on_time() };
	}

event zeek_init()
	{
	if ( ! is_manager() )
		return;

	local options = Cluster::WebSocketServerOptions($listen_addr=listen_addr,
	    $listen_port=listen_port, $tls_options=tls_options);

	if ( ! Cluster::listen_websocket(options) )
		Reporter::warning(fmt("wardwatch: the live feed cannot listen at %s %s",
		    listen_addr, listen_port));

	schedule beat_interval { Live::on_time() };
	}
