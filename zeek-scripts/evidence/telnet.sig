# Telnet, where the server begins with the negotiation of an option.
signature iomt_telnet {
	ip-proto == tcp
	src-port == 23
	payload /^\xff[\xfb-\xfe]/
	eval Stream::open
	enable "stream_event"
}

# The diagnostic terminal of a Baxter SIGMA Spectrum, on any port.
signature iomt_spectrum {
	ip-proto == tcp
	payload /^[\r\n]{0,4}Welcome to the SIGMA Spectrum/
	eval Stream::open
	enable "stream_event"
}
