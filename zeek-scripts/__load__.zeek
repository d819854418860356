##! Wardwatch: identity claims of medical and other devices, for Zeek 8.0 and newer.

@load base/misc/version

@if ( Version::number >= 80000 )
@load ./evidence/arp
@load ./evidence/banner
@load ./evidence/conn
@load ./evidence/dhcp
@load ./evidence/dhcp_enterprise
@load ./evidence/dhcp_vendor
@load ./evidence/dns_records
@load ./evidence/http
@load ./evidence/kerberos
@load ./evidence/local
@load ./evidence/mdns
@load ./evidence/netbios
@load ./evidence/netbios_browser
@load ./evidence/rdp
@load ./evidence/smb
@load ./evidence/snmp
@load ./evidence/snmp_engine
@load ./evidence/ssdp
@load ./evidence/ssh
@load ./evidence/ssl
@load ./evidence/telnet
@load ./frameworks/asset
@load ./frameworks/body
@load ./frameworks/exposure
@load ./frameworks/json
@load ./frameworks/stream
@load ./frameworks/xml
@load ./protocols/astm
@load ./protocols/bacnet
@load ./protocols/dicom
@load ./protocols/fhir
@load ./protocols/hl7
@load ./protocols/intellivue
@load ./protocols/poct1a
@load ./protocols/sdc
@else
event zeek_init()
	{
	Reporter::warning(
	    "wardwatch needs Zeek 8.0 or newer: nothing of it was loaded");
	}
@endif
