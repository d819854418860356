"""HL7 messages as devices of several makers write them, about an invented patient.

Layouts follow real messages of pump gateways, monitors and analysers; identifiers, names and sites
are invented. `CANARIES` are unique words about persons: none may ever leave a sensor.
"""

from __future__ import annotations

CANARIES = (
    *("CANARYIDQX8AA", "CANARYNAME^QX8AB", "18870214", "CANARYSTREET QX8AC", "CANARYPHONEQX8AD"),
    *("CANARYKIN^QX8AE", "CANARYGUARANTOR^QX8AF", "CANARYINSURED^QX8AG", "CANARYDOCTOR^QX8AH"),
    *("CANARYNOTE QX8AI", "CANARYRESULT QX8AJ", "CANARYCOLLECTOR^QX8AK", "CANARYORDERER^QX8AL"),
    *("CANARYCOPY^QX8AM", "CANARYREADER^QX8AN", "CANARYOPERATOR^QX8AO", "CANARYORDER-QX8AP"),
    *("CANARYPERSON^QX8AQ", "CANARYSSNQX8AR", "CANARYALLERGY QX8AS", "CANARYBADGE-QX8AT"),
)
(ID, NAME, BORN, STREET, PHONE, KIN, GUARANTOR, INSURED, DOCTOR, NOTE, RESULT, COLLECTOR, ORDERER,
 COPY, READER, OPERATOR, ORDER, PERSON, SSN, ALLERGY, BADGE) = CANARIES  # fmt: skip

PATIENT = (
    f"PID|1||{ID}^^^HOSPITAL^MR||{NAME}||{BORN}|F|||{STREET}||{PHONE}||||||{SSN}",
    f"NK1|1|{KIN}|MTH|{STREET}|{PHONE}",
    f"PV1|1|I|ICU^^BED 7||||{DOCTOR}|{DOCTOR}|||||||||||{ID}",
    f"GT1|1||{GUARANTOR}||{STREET}|{PHONE}",
    f"IN1|1|{ID}|{ID}|INSURER|||||||||||||{INSURED}",
    f"AL1|1||^{ALLERGY}",
)
PEOPLE = f"|||||{COLLECTOR}||||||{ORDERER}|||||||||||||{COPY}|||||{READER}"  # OBR-10, 16, 28, 32
PCD_01 = "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"

# The three pumps that stand behind one gateway: system id, label.
PUMPS = (
    ("3107c7c4-59d7-54b7-b500-000000000001", "P90001"),
    ("3107c7c4-59d7-54b7-b500-000000000002", "P90002"),
    ("3107c7c4-59d7-54b7-b500-000000000003", "P90003"),
)
MONITOR = "0009FBFFFE9B42B3"
RELAYED = ("2000902", "2000903")  # syringe pumps behind a server of gen_wards.py
PUMP_MODEL = "B Braun SpacePlus Perfusor"


def header(sender: str, facility: str, kind: str, number: str, profile: str = "") -> str:
    """Return a message header with the usual separators."""
    to = "ANY ENGINE|ANY HOSPITAL|20260115101500"
    return rf"MSH|^~\&|{sender}|{facility}|{to}||{kind}|{number}|P|2.6|||AL|NE||UTF-8|||{profile}"


def pump(number: int, sequence: int) -> str:
    """Return what a gateway reports for one of its pumps."""
    system, label = PUMPS[number]
    gateway = "PAT_DEVICE_BBRAUN^0012211839000001^EUI-64"
    return "\r".join(
        (
            header(gateway, "BBRAUN", "ORU^R01^ORU_R01", f"P{sequence}", PCD_01),
            *PATIENT,
            f"OBR|1|{ORDER}^X|0^{gateway}|999999^Unknown medication|||20260115101500{PEOPLE}",
            "OBX|1||70053^MDC_DEV_PUMP_INFUS_SYRINGE_MDS^MDC|1.0.0.0|||||||X|||||||"
            f"{label}^^0012210000000000^EUI-64",
            "OBX|2||70054^MDC_DEV_PUMP_INFUS_SYRINGE_VMD^MDC|1.1.0.0|||||||X",
            f"OBX|3|ST|67880^MDC_ATTR_ID_MODEL^MDC|1.1.0.8|{PUMP_MODEL}||||||F",
            f"OBX|4|ST|67972^MDC_ATTR_SYS_ID^MDC|1.1.0.9|{system}||||||F",
            "OBX|5|ST|531976^MDC_ID_PROD_SPEC_FW^MDC|1.1.0.10|012U000093||||||F",
            f"OBX|6|ST|184514^MDC_DRUG_NAME_TYPE^MDC|1.1.1.1|{RESULT}||||||R||||{OPERATOR}",
            f"NTE|1||{NOTE}",
            "",
        )
    )


def monitor() -> str:
    """Return what a monitor reports of itself, one of its modules naming itself, too."""
    return "\r".join(
        (
            header("MONITOR", "WARD 7", "ORU^R01^ORU_R01", "M1", PCD_01),
            *PATIENT,
            f"OBR|1||{MONITOR.lower()}^^^EUI-64|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC"
            f"|||20260115101500{PEOPLE}",
            "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||"
            "7f2586c7-0506-46cd-a612-000000000001-IntelliVue MX500 - 866064",
            "OBX|2|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.0.0.3|DE90000001||||||F",
            r"OBX|3|ST|531975^MDC_ID_PROD_SPEC_SW^MDC|1.0.0.4|N.01.22\T\A||||||F",
            "OBX|4||70666^MDC_DEV_ECG_RESP_VMD^MDC|1.2.0.0|||||||X|||||||XW90000001",
            "OBX|5|ST|531972^MDC_ID_PROD_SPEC_SERIAL^MDC|1.2.0.3|MODULE-1||||||F",
            f"OBX|6|NM|147842^MDC_ECG_CARD_BEAT_RATE^MDC|1.2.1.1|{RESULT}||||||R||||{OPERATOR}",
            f"NTE|1||{NOTE}",
            "",
        )
    )


def analyser() -> str:
    """Return a result of an analyser (IHE LAW), with a participation that names its UDI."""
    return "\r".join(
        (
            header("alinity", "LAB", "OUL^R22^OUL_R22", "L1", "LAB-29^IHE"),
            *PATIENT,
            f"SPM|1|{ORDER}||PLAS^Plasma^HL70487",
            f'OBR|1|""||1006^HIV-1^99ABT{PEOPLE}',
            f'OBX|1|ST|1006^HIV-1^99ABT||{RESULT}|^Copies/mL||""|||F|||||{OPERATOR}||'
            "Alinity m^Abbott~M90001^Abbott|20260115101500",
            f"PRT|1|UC||OP^Operator^HL70912|{PERSON}|||||{BADGE}",
            "PRT|2|UC||EQUIP^Equipment^HL70912||||||(01)00884838012345(21)M90001||||||"
            "00884838012345||||M90001",
            "",
        )
    )


def medfusion(serial: str = "2000901") -> str:
    r"""Return a syringe pump's event, with other separators than the usual ones."""
    text = "\r".join(
        (
            header("Smiths Medical^001A010000000001^EUI-64", "", "ORU^R01^ORU_R01", "S1", PCD_01),
            *PATIENT,
            f"OBR|1|{serial}^Medfusion 4000^001A010000000001^EUI-64|"
            f"{serial}^Medfusion 4000^001A010000000001^EUI-64|0^MDCX_EVT_POWER_CHG^MDC{PEOPLE}",
            "OBX|1|ST|69985^MDC_DEV_PUMP_INFUS_MDS^MDC|1.0.0.0|||||||X",
            "OBX|2|ST|67880^MDC_ATTR_ID_MODEL^MDC|1.0.0.1|"
            "manufacturer=Smiths Medical model=Medfusion 4000||||||R",
            f"OBX|3|CWE|0^MDCX_DMC_ATTR_POWER_STATE^MDC|1.0.0.3|^{RESULT}||||||F||||{OPERATOR}|||"
            f"{serial}^Medfusion 4000^001A010000000001^EUI-64",
            "",
        )
    )
    # CANARIES keep their caret: they are looked for as they stand.
    return text.translate(str.maketrans(r"|^~\&", "#$%?+")).replace("$QX8", "^QX8")


def admission() -> str:
    """Return a message with no device in it."""
    return "\r".join((header("ADT", "DESK", "ADT^A01", "A1"), "EVN|A01|20260115", *PATIENT, ""))
