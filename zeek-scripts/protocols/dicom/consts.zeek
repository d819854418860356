##! Numbers of the DICOM standard: PS3.8 (upper layer), PS3.7 (messages), PS3.5 (data sets).

module DICOM;

export {
	## Types of protocol data units (PS3.8 9.3).
	const ASSOCIATE_RQ = 0x01;
	const ASSOCIATE_AC = 0x02;
	const ASSOCIATE_RJ = 0x03;
	const DATA_TF = 0x04;
	const RELEASE_RQ = 0x05;
	const RELEASE_RP = 0x06;
	const ABORT = 0x07;

	## Items of A-ASSOCIATE that are read (PS3.8 9.3.2, PS3.7 D.3.3); all others are stepped over.
	## Of a user identity only its type is read.
	const CONTEXT_RQ = 0x20;
	const CONTEXT_AC = 0x21;
	const ABSTRACT_SYNTAX = 0x30;
	const TRANSFER_SYNTAX = 0x40;
	const USER_INFORMATION = 0x50;
	const IMPLEMENTATION_CLASS_UID = 0x52;
	const IMPLEMENTATION_VERSION_NAME = 0x55;
	const USER_IDENTITY = 0x58;

	## How users prove who they are (PS3.7 D.3.3.7.1).
	const identity_types: table[count] of string = {
		[1] = "username",
		[2] = "username and passcode",
		[3] = "Kerberos ticket",
		[4] = "SAML assertion",
		[5] = "JSON web token",
	} &default=function(kind: count): string
		{
		return fmt("unknown-type-%d", kind);
		};

	## Who rejected, and why (PS3.8 9.3.4).
	const reject_reasons: table[count, count] of string = {
		[1, 1] = "service-user: no reason given",
		[1, 2] = "service-user: application context name not supported",
		[1, 3] = "service-user: calling AE title not recognized",
		[1, 7] = "service-user: called AE title not recognized",
		[2, 1] = "service-provider (ACSE): no reason given",
		[2, 2] = "service-provider (ACSE): protocol version not supported",
		[3, 1] = "service-provider (presentation): temporary congestion",
		[3, 2] = "service-provider (presentation): local limit exceeded",
	} &default=function(source: count, reason: count): string
		{
		return fmt("unknown-source-%d: unknown-reason-%d", source, reason);
		};

	## Who aborted, and why (PS3.8 9.3.8); a service user gives no reason.
	const abort_reasons: table[count, count] of string = {
		[2, 0] = "service-provider: reason not specified",
		[2, 1] = "service-provider: unrecognized PDU",
		[2, 2] = "service-provider: unexpected PDU",
		[2, 4] = "service-provider: unrecognized PDU parameter",
		[2, 5] = "service-provider: unexpected PDU parameter",
		[2, 6] = "service-provider: invalid PDU parameter value",
	} &default=function(source: count, reason: count): string
		{
		return source == 0 ? "service-user" : fmt(
		    "unknown-source-%d: unknown-reason-%d", source, reason);
		};

	## Requests (PS3.7 E.1); a response has bit 0x8000 set.
	const requests: table[count] of string = {
		[0x0001] = "C-STORE",
		[0x0010] = "C-GET",
		[0x0020] = "C-FIND",
		[0x0021] = "C-MOVE",
		[0x0030] = "C-ECHO",
		[0x0100] = "N-EVENT-REPORT",
		[0x0110] = "N-GET",
		[0x0120] = "N-SET",
		[0x0130] = "N-ACTION",
		[0x0140] = "N-CREATE",
		[0x0150] = "N-DELETE",
	};

	const C_STORE_RQ = 0x0001;
	const C_STORE_RSP = 0x8001;
	const N_EVENT_REPORT_RQ = 0x0100;
	const N_CREATE_RQ = 0x0140;
	const N_CREATE_RSP = 0x8140;

	## The bit that makes a request's number that of its response.
	const RESPONSE = 0x8000;

	## The value of CommandDataSetType that says that no data set follows.
	const NO_DATA_SET = 0x0101;

	## Elements of a command that are read.
	const AFFECTED_SOP_CLASS = 0x00000002;
	const REQUESTED_SOP_CLASS = 0x00000003;
	const COMMAND_FIELD = 0x00000100;
	const MESSAGE_ID = 0x00000110;
	const MESSAGE_ID_RESPONDED_TO = 0x00000120;
	const COMMAND_DATA_SET_TYPE = 0x00000800;
	const STATUS = 0x00000900;

	## Elements of a stored data set that are read. All others are stepped over.
	const CHARACTER_SET = 0x00080005;
	const MODALITY = 0x00080060;
	const MANUFACTURER = 0x00080070;
	const STATION_NAME = 0x00081010;
	const MODEL_NAME = 0x00081090;
	const SERIAL_NUMBER = 0x00181000;
	const UDI = 0x00181009;
	const UDI_SEQUENCE = 0x0018100a;
	const SOFTWARE_VERSIONS = 0x00181020;
	const CONTRIBUTING_EQUIPMENT = 0x0018a001;
	const PERFORMED_STATION_AE_TITLE = 0x00400241;
	const PERFORMED_STATION_NAME = 0x00400242;
	## The purpose of a contribution, in its item, and the code within that.
	const PURPOSE = 0x0040a170;
	const CODE_VALUE = 0x00080100;
	const CODING_SCHEME = 0x00080102;

	## Delimiters (PS3.5 7.5).
	const ITEM = 0xfffee000;
	const ITEM_END = 0xfffee00d;
	const SEQUENCE_END = 0xfffee0dd;

	const UNDEFINED_LENGTH = 0xffffffff;

	## Transfer syntaxes that are not explicit little endian.
	const IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2";
	const EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2";
	const deflated: set[string] = {
		"1.2.840.10008.1.2.1.99",
		"1.2.840.10008.1.2.4.95",
		"1.2.840.10008.1.2.4.205",
		"1.2.840.10008.1.2.8.1",
	};

	## Value representations (PS3.5 6.2), and those of them with a length of 32 bits (7.1.2).
	const vr = /AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OD|OF|OL|OV|OW|PN|SH|SL|SQ|SS|ST|SV|TM|UC|UI|UL|UN|UR|US|UT|UV/;
	const long_vr: set[string] = {
		"OB",
		"OD",
		"OF",
		"OL",
		"OV",
		"OW",
		"SQ",
		"SV",
		"UC",
		"UN",
		"UR",
		"UT",
		"UV",
	};
}
