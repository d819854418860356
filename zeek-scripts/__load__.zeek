##! Wardwatch: identity claims of medical and other devices, for Zeek 8.0 and newer.

@load base/misc/version

@if ( Version::number >= 80000 )
@load ./evidence/arp
@load ./evidence/conn
@load ./evidence/dhcp
@load ./frameworks/asset
@load ./frameworks/stream
@load ./protocols/dicom
@else
event zeek_init()
	{
	Reporter::warning(
	    "wardwatch needs Zeek 8.0 or newer: nothing of it was loaded");
	}
@endif
