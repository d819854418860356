# A WS-Discovery answer, which goes from any port to any other (what goes to 3702 is seen there).
signature iomt_sdc_answer {
	ip-proto == udp
	dst-port != 3702
	payload /^[^<\x00]{0,4}<[^\x00]*(\/ws-dd\/ns\/discovery\/2009\/01|\/ws\/2005\/04\/discovery)\/(Probe|Resolve)Matches/
	eval SDC::answer
}
