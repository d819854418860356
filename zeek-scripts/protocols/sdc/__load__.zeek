@load ./components
@load ./description
@load ./discovery
@load ./main
@load-sigs ./dpd.sig
