# A device's greeting, the first message of a conversation, with or without an XML declaration.
signature iomt_poct1a {
	ip-proto == tcp
	payload /^(\xef\xbb\xbf)?[\x09\x0a\x0b\x0d\x20]{0,16}(<\?xml[^<>]{0,200}>[\x09\x0a\x0d\x20]{0,16})?(<!DOCTYPE[^<>]{0,200}>[\x09\x0a\x0d\x20]{0,16})?<HEL\.R01[\x09\x0a\x0d\x20>]/
	eval Stream::open
	enable "stream_event"
}
