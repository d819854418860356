# An A-ASSOCIATE-RQ or -AC (PS3.8 9.3): the application context is always the first item, at 74.
signature iomt_dicom {
	ip-proto == tcp
	payload /^[\x01\x02][\x00-\xff]\x00[\x00-\xff]{71}\x10[\x00-\xff]\x00\x151\.2\.840\.10008\.3\.1\.1\.1/
	eval Stream::open
	enable "stream_event"
}
