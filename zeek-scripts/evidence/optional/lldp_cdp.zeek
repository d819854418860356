##! What network devices say of themselves by LLDP (IEEE 802.1AB, TIA-1057) and CDP. Not loaded by
##! default: Zeek has no analyzer for either, so every frame of a protocol that it does not know must
##! be handed to scripts, for the whole sensor.

@load ../local

module Evidence;

# The first bytes of all unknown protocols are copied, and no frame is left out.
redef UnknownProtocol::first_bytes_count = 1500;
redef UnknownProtocol::sampling_threshold = 1000000000;

const LLDP_ETHERTYPE = 0x88cc;
# Cisco's OUI before the protocol.
const CDP_SNAP = 0x0c2000;
const max_tlvs = 64;

## The TLVs that state one value, by type.
const lldp_fields: table[count] of string = {
	[5] = "lldp.system_name",
	[6] = "lldp.system_description",
};

## The inventory of TIA-1057, by subtype.
const lldp_med_fields: table[count] of string = {
	[5] = "lldp.hardware_revision",
	[6] = "lldp.firmware_revision",
	[7] = "lldp.software_revision",
	[8] = "lldp.serial_number",
	[9] = "lldp.manufacturer",
	[10] = "lldp.model_name",
};

const lldp_med = "\x00\x12\xbb";

const cdp_fields: table[count] of string = {
	[1] = "cdp.device_id",
	[5] = "cdp.software_version",
	[6] = "cdp.platform",
};

# What was read already: frames are repeated every half minute.
global heard_frames: set[string] &create_expire=Asset::reporting_interval;

## Frames come without their sender: it is the address that it gives for its management.
function tell_frame(host: addr, told: table[string] of string)
	{
	if ( ! Asset::is_host(host) || ! is_local(host) )
		return;

	for ( field, value in told )
		Asset::host_observed(host, field, value);
	}

## The address in LLDP's management address TLV.
function lldp_address(data: string): addr
	{
	if ( |data| >= 6 && data[0:2] == "\x05\x01" )
		return raw_bytes_to_v4_addr(data[2:6]);

	if ( |data| >= 18 && data[0:2] == "\x11\x02" )
		return raw_bytes_to_v6_addr(data[2:18]);

	return 0.0.0.0;
	}

function on_lldp(frame: string)
	{
	local told: table[string] of string = table();
	local host = 0.0.0.0;
	local at = 0;
	local seen = 0;

	while ( at + 2 <= |frame| && ++seen <= max_tlvs )
		{
		local head = bytestring_to_count(frame[at : at + 2]);
		local kind = head / 512;
		local len = head % 512;
		at += 2;

		if ( kind == 0 || at + len > |frame| )
			break;

		local data = frame[at : at + len];
		at += len;

		if ( kind in lldp_fields )
			told[lldp_fields[kind]] = data;
		else if ( kind == 8 && host == 0.0.0.0 )
			host = lldp_address(data);
		else if ( kind == 127 && len > 4 && data[0:3] == lldp_med )
			{
			local subtype = bytestring_to_count(data[3]);

			if ( subtype in lldp_med_fields )
				told[lldp_med_fields[subtype]] = data[4:];
			}
		}

	tell_frame(host, told);
	}

## The first IPv4 address of CDP's addresses: number, protocol (1, length 1, 0xcc), length, address.
function cdp_address(data: string): addr
	{
	if ( |data| >= 13 && data[4:9] == "\x01\x01\xcc\x00\x04" )
		return raw_bytes_to_v4_addr(data[9:13]);

	return 0.0.0.0;
	}

function on_cdp(frame: string)
	{
	local told: table[string] of string = table();
	local host = 0.0.0.0;
	# Version, time to live and checksum stand first.
	local at = 4;
	local seen = 0;

	while ( at + 4 <= |frame| && ++seen <= max_tlvs )
		{
		local kind = bytestring_to_count(frame[at : at + 2]);
		local len = bytestring_to_count(frame[at + 2 : at + 4]);

		if ( len < 4 || at + len > |frame| )
			break;

		local data = frame[at + 4 : at + len];
		at += len;

		if ( kind in cdp_fields )
			told[cdp_fields[kind]] = data;
		# The address, and behind it the one for management.
		else if ( ( kind == 2 || kind == 22 ) && host == 0.0.0.0 )
			host = cdp_address(data);
		}

	tell_frame(host, told);
	}

event unknown_protocol(analyzer_name: string, protocol: count,
    first_bytes: string, analyzer_history: string_vec)
	{
	if ( protocol != LLDP_ETHERTYPE && protocol != CDP_SNAP )
		return;

	local digest = md5_hash(first_bytes);

	if ( digest in heard_frames )
		return;

	if ( |heard_frames| < Asset::max_hosts )
		add heard_frames[digest];

	if ( protocol == LLDP_ETHERTYPE )
		on_lldp(first_bytes);
	else if ( analyzer_name == "SNAP" )
		on_cdp(first_bytes);
	}
