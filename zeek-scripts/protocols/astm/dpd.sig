# A header record at the start of a direction: bare, in a frame, in MLLP or after a start of header;
# link control bytes may come first.
signature iomt_astm {
	ip-proto == tcp
	payload /^[\x01\x04\x05\x06\x0a\x0b\x0d\x15]{0,16}(\x02[0-7]?)?H[!-\/:-@\[-`{-~]{5}/
	eval Stream::open
	enable "stream_event"
}
