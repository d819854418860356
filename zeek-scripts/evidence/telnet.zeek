##! What a telnet server says before anybody has typed: the first line of its greeting, and all that
##! the diagnostic terminal of a Baxter SIGMA Spectrum tells of itself.

@load ../frameworks/asset
@load ../frameworks/stream
@load ./banner
@load ./local

@load-sigs ./telnet.sig

module Telnet;

redef record connection += {
	# The server's words so far.
	iomt_telnet: string &optional;
};

const spectrum = "Welcome to the SIGMA Spectrum";

# More is no greeting.
const longest_greeting = 1024;

const command =
    /\xff[\xfb-\xfe][\x00-\xff]|\xff\xfa[^\xff]*\xff\xf0|\xff[\xf0-\xf9]/;

const prompt = /[Ll]ogin:|[Uu]ser ?(name)?:|[Pp]assword/;

function recognise(data: string): Stream::Verdict
	{
	local text = lstrip(data, "\r\n");

	if ( /^\xff[\xfb-\xfe]/ in data || text[: |spectrum|] == spectrum )
		return Stream::MINE;

	if ( data == "\xff" || text == spectrum[: |text|] )
		return Stream::MORE;

	return Stream::NOT_MINE;
	}

function deliver(c: connection, is_orig: bool, data: string): count
	{
	if ( ! c?$iomt_telnet )
		c$iomt_telnet = "";

	local said = gsub(data, command, "");

	# From the first key on, what the server says may repeat what was typed.
	if ( is_orig )
		{
		if ( said != "" )
			Stream::done(c);

		return |data|;
		}

	c$iomt_telnet += said[:longest_greeting];

	if ( |c$iomt_telnet| >= longest_greeting || prompt in c$iomt_telnet )
		Stream::done(c);

	return |data|;
	}

## The part of a greeting that a pattern finds, without the words that stand before it.
function after(text: string, p: pattern, words: pattern): string
	{
	local found = find_all_ordered(text, p);
	return |found| > 0 ? sub(found[0], words, "") : "";
	}

function finish(c: connection)
	{
	if ( ! c?$iomt_telnet )
		return;

	local said = c$iomt_telnet[:longest_greeting];
	local text = split_string1(said, prompt)[0];
	delete c$iomt_telnet;
	Evidence::tell(c, F, "telnet.banner", Evidence::first_line(said));

	if ( spectrum !in text )
		return;

	Evidence::tell(c, F, "spectrum.serial_number", after(text,
	    /SN: ?[0-9A-Za-z-]{1,20}/, /^SN: ?/));
	Evidence::tell(c, F, "spectrum.software_version", after(text,
	    /SN: ?[0-9A-Za-z-]{1,20} SW: ?[0-9A-Za-z._-]{1,20}/,
	    /^SN: ?[0-9A-Za-z-]{1,20} SW: ?/));
	Evidence::tell(c, F, "spectrum.module_software", after(text,
	    /([0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2} SW: ?[0-9A-Za-z._ -]{1,20}/,
	    /^.* SW: ?/));

	local mac = to_lower(gsub(after(text,
	    /MAC Address: ?([0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}/,
	    /^MAC Address: ?/), /-/, ":"));

	if ( Asset::is_host_mac(mac) )
		Evidence::tell(c, F, "spectrum.mac", mac);
	}

event zeek_init()
	{
	Stream::register(Stream::Dissector($name="telnet", $recognise=recognise,
	    $deliver=deliver, $finish=finish));
	}
