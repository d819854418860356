##! DHCP options whose layout an enterprise has laid down: vendor-identifying vendor class (124) and
##! information (125), and a cable device's vendor-specific information (43). Of an enterprise whose
##! layout is not public only the numbers of the sub-options are told, as they may hold anything.

module Evidence;

export {
	## The options of a client, by field.
	type VendorOptions: table[string] of set[string];

	## Adds a value, in hexadecimal unless it is text.
	global add_option: function(told: VendorOptions, field: string, value: string);

	## Reads vendor-identifying vendor classes (RFC 3925, 3).
	global on_enterprise_classes: function(told: VendorOptions, data: string);

	## Reads vendor-identifying vendor-specific information (RFC 3925, 4).
	global on_enterprise_information: function(told: VendorOptions, data: string);

	## Reads the vendor-specific information (RFC 2132, 8.4) of a client of a vendor class.
	global on_vendor_information: function(told: VendorOptions, class: string,
	    data: string);
}

## A number, and what it stands for; of classes, which have no numbers, the enterprise's.
type Numbered: record {
	code: count;
	data: string;
};

type Fields: table[count] of string;

# What is public of sub-options in which clients state themselves: the Broadband Forum's, of a device
# behind a gateway (TR-069, annex F; before that TR-111).
const information_fields: table[count] of Fields = {
	[3561] = Fields([1] = "dhcp.device_oui", [2] = "dhcp.device_serial_number", [3] =
	    "dhcp.product_class"),
};

# CableLabs' registry has them for option 43, and the vendor classes of those who send it.
const cable_fields = Fields([2] = "dhcp.product_class", [4] =
    "dhcp.device_serial_number", [5] = "dhcp.device_hardware_version", [6] =
    "dhcp.device_software_version", [8] = "dhcp.device_oui", [9] =
    "dhcp.device_model", [10] = "dhcp.device_manufacturer");
const cable_class = /(docsis|pktc|DSG|OpenCable|CableHome)[0-9]+\.[0-9]+.*/;

const printable = /[\x20-\x7e]+/;

# As many parts of an option are looked at.
const max_parts = 32;

function add_option(told: VendorOptions, field: string, value: string)
	{
	local text = rstrip(value, "\x00");

	if ( text == "" )
		return;

	if ( field !in told )
		told[field] = set();

	# An organisation's three bytes are no text, whatever they look like.
	if ( printable == text && ! ( field == "dhcp.device_oui" && |value| == 3 ) )
		add told[field][text];
	else
		add told[field][string_to_ascii_hex(value)];
	}

## The parts that an option consists of: numbers of so many bytes, each with a length and its data.
function parts_of(data: string, number_size: count): vector of Numbered
	{
	local found: vector of Numbered = vector();
	local at = 0;

	while ( at + number_size < |data| && |found| < max_parts )
		{
		local code = bytestring_to_count(data[at : at + number_size]);
		local len = bytestring_to_count(data[at + number_size]);
		at += number_size + 1;

		if ( at + len > |data| )
			break;

		found += Numbered($code=code, $data=data[at : at + len]);
		at += len;
		}

	return found;
	}

## Tells the sub-options that have a field.
function add_fields(told: VendorOptions, fields: Fields, parts: vector of
    Numbered)
	{
	for ( _, part in parts )
		if ( part$code in fields )
			add_option(told, fields[part$code], part$data);
	}

function on_enterprise_classes(told: VendorOptions, data: string)
	{
	for ( _, enterprise in parts_of(data, 4) )
		{
		add_option(told, "dhcp.enterprise_number", cat(enterprise$code));
		local at = 0;
		local n = 0;

		# Each class is a string with its length.
		while ( at < |enterprise$data| && ++n <= max_parts )
			{
			local len = bytestring_to_count(enterprise$data[at]);
			local class = rstrip(enterprise$data[at + 1 : at + 1 + len], "\x00");

			if ( at + 1 + len > |enterprise$data| )
				break;

			if ( class != "" )
				add_option(told, "dhcp.enterprise_class", fmt("%d:%s", enterprise$code,
				    printable == class ? class :
				    string_to_ascii_hex(class)));

			at += 1 + len;
			}
		}
	}

function on_enterprise_information(told: VendorOptions, data: string)
	{
	for ( _, enterprise in parts_of(data, 4) )
		{
		local numbers: vector of string = vector();
		local parts = parts_of(enterprise$data, 1);
		local used = 0;
		add_option(told, "dhcp.enterprise_number", cat(enterprise$code));

		for ( _, part in parts )
			{
			numbers += cat(part$code);
			used += 2 + |part$data|;
			}

		# What is not made of sub-options has no numbers either.
		if ( used == 0 || used != |enterprise$data| )
			next;

		add_option(told, "dhcp.enterprise_options", fmt("%d:%s", enterprise$code,
		    join_string_vec(numbers, ",")));

		if ( enterprise$code in information_fields )
			add_fields(told, information_fields[enterprise$code], parts);
		}
	}

function on_vendor_information(told: VendorOptions, class: string, data: string)
	{
	if ( cable_class == class )
		add_fields(told, cable_fields, parts_of(data, 1));
	}
