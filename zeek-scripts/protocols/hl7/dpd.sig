# A message header at the start of a direction: with or without MLLP's start byte, any separators.
signature iomt_hl7_header {
	ip-proto == tcp
	payload /^[\x0b\x0d\x0a]{0,4}MSH[!-\/:-@\[-`{-~]{4}/
	eval Stream::open
	enable "stream_event"
}

# One after the end of a message of which the start was not captured.
signature iomt_hl7_middle {
	ip-proto == tcp
	payload /[\x00-\xff]*[\x0d\x0a\x1c]\x0bMSH[!-\/:-@\[-`{-~]{4}/
	eval Stream::open
	enable "stream_event"
}
