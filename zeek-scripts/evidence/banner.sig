# Broadcasts of GE's Unity network and of the BD Alaris system: layouts are not public, so each flow
# is looked at once, and only for who sends it.
signature iomt_presence {
	ip-proto == udp
	dst-port == 2000,3613,7000
	payload /[\x00-\xff]/
	eval Evidence::presence
}
