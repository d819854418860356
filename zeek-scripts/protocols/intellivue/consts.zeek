##! Numbers of the IntelliVue Data Export protocol (PIPG 4535 642 59271) that are looked at.

module IntelliVue;

export {
	## Attributes. All others, the patient's among them, are stepped over by their length.
	const ID_MODEL = 0x0928;
	const PROD_SPECN = 0x092d;
	const SYS_TYPE = 0x0986;
	const BED_LABEL = 0x091e;
	const NET_ADDR_INFO = 0xf100;
	const LABEL = 0xf135;

	## Kinds of entries in the production specification.
	const SERIAL_NUMBER = 1;
	const PART_NUMBER = 2;
	const HARDWARE = 3;
	const SOFTWARE = 4;
	const FIRMWARE = 5;

	## The component that stands for the product as a whole.
	const PRODUCT = 0x0008;

	## Object classes and events.
	const MOC_VMS_MDS = 0x0021;
	const MOC_VMS_MDS_COMPOS = 0x0023;
	const MDS_CREATE = 0x0d06;
	const CONNECT_INDICATION = 0x0d17;
}
