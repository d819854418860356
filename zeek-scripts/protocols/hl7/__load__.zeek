@load ./http
@load ./main
@load ./mllp_xml
@load-sigs ./dpd.sig
@load-sigs ./xml.sig
