# A document in MLLP's frame, at the start of a direction.
signature iomt_hl7_xml {
	ip-proto == tcp
	payload /^\x0b(\xef\xbb\xbf)?[\x09\x0a\x0d\x20]{0,4}<[?!A-Za-z]/
	eval Stream::open
	enable "stream_event"
}
