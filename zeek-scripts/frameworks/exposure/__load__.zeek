@load ./auth
@load ./coverage
@load ./desktops
@load ./main
@load ./services
@load ./uses
