##! What SNMP agents answer of their system and of the chassis that they are. Communities and
##! SNMPv3's users are never looked at.

@load base/protocols/snmp
@load ./local

module Evidence;

# SNMPv2-MIB (RFC 3418) and ENTITY-MIB (RFC 6933): entPhysicalIndex 1 is the outermost thing; the
# others are its modules, whose makers and serial numbers are not the device's.
const snmp_fields: table[string] of string = {
	["1.3.6.1.2.1.1.1.0"] = "snmp.sys_descr",
	["1.3.6.1.2.1.1.2.0"] = "snmp.sys_object_id",
	["1.3.6.1.2.1.1.5.0"] = "snmp.sys_name",
	["1.3.6.1.2.1.47.1.1.1.1.2.1"] = "snmp.ent_physical_descr",
	["1.3.6.1.2.1.47.1.1.1.1.8.1"] = "snmp.ent_physical_hardware_rev",
	["1.3.6.1.2.1.47.1.1.1.1.9.1"] = "snmp.ent_physical_firmware_rev",
	["1.3.6.1.2.1.47.1.1.1.1.10.1"] = "snmp.ent_physical_software_rev",
	["1.3.6.1.2.1.47.1.1.1.1.11.1"] = "snmp.ent_physical_serial_num",
	["1.3.6.1.2.1.47.1.1.1.1.12.1"] = "snmp.ent_physical_mfg_name",
	["1.3.6.1.2.1.47.1.1.1.1.13.1"] = "snmp.ent_physical_model_name",
};

# As many bindings of a message are looked at.
const max_bindings = 128;

event snmp_response(c: connection, is_orig: bool, header: SNMP::Header,
    pdu: SNMP::PDU)
	{
	for ( i, binding in pdu$bindings )
		{
		if ( i >= max_bindings )
			break;

		if ( binding$oid !in snmp_fields )
			next;

		if ( binding$value?$octets )
			tell(c, is_orig, snmp_fields[binding$oid], binding$value$octets);
		else if ( binding$value?$oid )
			tell(c, is_orig, snmp_fields[binding$oid], binding$value$oid);
		}
	}
