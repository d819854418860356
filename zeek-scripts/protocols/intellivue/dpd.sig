# Association control of the Data Export protocol: a session connect or accept whose user data names
# the IEEE 11073 arc (1.2.840.10004). Each is looked at once in a flow; measurements never are.
signature iomt_intellivue_connect {
	ip-proto == udp
	payload /^\x0d[\x00-\xff]{0,3}\x05\x08\x13\x01\x00\x16\x01\x02\x80\x00\x14\x02\x00\x02[\x00-\xff]{0,200}\x2a\x86\x48\xce\x14/
	eval IntelliVue::connect
}

signature iomt_intellivue_accept {
	ip-proto == udp
	payload /^\x0e[\x00-\xff]{0,3}\x05\x08\x13\x01\x00\x16\x01\x02\x80\x00\x14\x02\x00\x02[\x00-\xff]{0,200}\x2a\x86\x48\xce\x14/
	eval IntelliVue::accept
}

# MDS Create: the first thing that a monitor says in an association, confirmed event 0D06.
signature iomt_intellivue_mds {
	ip-proto == udp
	payload /^\xe1\x00[\x00-\xff]{2}\x00\x01[\x00-\xff]{4}\x00\x01[\x00-\xff]{2}\x00\x21[\x00-\xff]{8}\x0d\x06/
	eval IntelliVue::mds_create
}
