@load ./main
@load ./tls
@load ./web_bodies
@load-sigs ./dpd.sig
