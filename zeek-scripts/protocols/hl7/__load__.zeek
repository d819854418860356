@load ./http
@load ./main
@load-sigs ./dpd.sig
