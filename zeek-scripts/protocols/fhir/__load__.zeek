@load ./json
@load ./main
@load ./xml
