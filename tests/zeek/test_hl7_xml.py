"""HL7 in XML, of version 2 and 3, and clinical documents: devices and applications, no persons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from zeek.conftest import TRACES
from zeek.test_hl7 import ACK, CLIENT, SERVER, about
from zeek.udp_frames import damaged

CAPTURE = TRACES / "hl7-xml.pcap"
DOCUMENTS = run_path(str(TRACES / "hl7_documents.py"))
MESSAGES = run_path(str(TRACES / "hl7_messages.py"))
CANARIES = (*DOCUMENTS["CANARIES"], "QX8", "QX9")
ENGINE, MONITOR, ANALYSER, BEDSIDE, HUB, RECORDS = (f"10.20.9.{n}" for n in (40, *range(11, 16)))
CUFF = "eui64:080019FFFE134577"
MODEL = "<manufacturerModelName>M1</manufacturerModelName>"
V2, V3 = "urn:hl7-org:v2xml", "urn:hl7-org:v3"
MSH = "<MSH><MSH.3><HD.1>APP</HD.1></MSH.3><MSH.9><MSG.1>ORU</MSG.1></MSH.9></MSH>"


def obx(code: str, value: str, instance: str = "") -> str:
    """An observation of a device as a whole."""
    return f"""<OBX><OBX.3><CWE.1>{code}</CWE.1><CWE.2>MDC_X</CWE.2></OBX.3><OBX.4>1.0.0.0</OBX.4>
      <OBX.5>{value}</OBX.5><OBX.18><EI.1>{instance}</EI.1></OBX.18></OBX>"""


MINE = obx("531972", "S1")


def version2(text: str, namespace: str = V2) -> str:
    """A message of version 2."""
    return f"<ORU_R01 xmlns='{namespace}'>{MSH}{text}</ORU_R01>"


PREFIXED = version2(MINE).replace("<", "<h:").replace("<h:/", "</h:").replace("xmlns", "xmlns:h")


def author(text: str, namespace: str = V3) -> str:
    """A document with an author."""
    return f"""<ClinicalDocument xmlns='{namespace}'><author><assignedAuthor>{text}</assignedAuthor>
      </author></ClinicalDocument>"""


def written(identifier: str, device: str = MODEL) -> str:
    """An author that is a device."""
    return f"{identifier}<assignedAuthoringDevice>{device}</assignedAuthoringDevice>"


def posted(body: bytes, kind: str = "text/xml") -> bytes:
    """An HTTP request with this body."""
    head = f"POST /CANARYURL HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


def framed(body: bytes) -> bytes:
    """A message in MLLP."""
    return b"\x0b" + body + b"\x1c\r"


@pytest.fixture
def post(run_zeek: Any, capture: Any) -> Callable[..., Any]:
    """Run Zeek over a request with a body."""

    def post(body: str, *kind: str) -> Any:
        run = run_zeek(capture=capture([(True, posted(body.encode(), *kind))], server_port=80))
        run.assert_quiet()
        return run

    return post


def test_capture(run_zeek: Any) -> None:
    """Messages tell the same as in their usual form; hosts and devices are told apart."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    monitor = about(run, MONITOR)
    assert monitor[f"eui64:{MESSAGES['MONITOR']}"] == {
        "equipment_instance": "7f2586c7-0506-46cd-a612-000000000001-IntelliVue MX500 - 866064",
        "eui": MESSAGES["MONITOR"],
        "mac": "00:09:fb:9b:42:b3",
        "system_type": "69965",
        "serial_number": "DE90000001",
        "software_versions": "N.01.22&A",
    }
    assert monitor[""]["sending_application"] == "MONITOR"
    assert about(run, ANALYSER).keys() == {"", "serial:Abbott^Alinity m^M90001"}
    assert about(run, BEDSIDE) == {
        "": {
            "sending_application": "PIX-SOURCE^2.999.7^ISO",
            "sending_model": "Wardwatch Bedside Manager",
            "sending_software": "BedMan 2.5",
        }
    }
    cuff = {
        "eui": "080019FFFE134577",
        "mac": "08:00:19:13:45:77",
        "system_type": "69837",
        "model": "Wardwatch Test Cuff 2",
    }
    hub = {"model": "Wardwatch & Test Hub", "software": "HubOS 4.2"}
    # Posted, as a part of a multipart message, and over MLLP.
    hubs = {f"serial:HUB-08{n}^^2.999.12": hub for n in (15, 16, 17)}
    assert about(run, HUB) == {"": {"document_software": "HubOS 4.2"}, CUFF: cuff, **hubs}
    assert about(run, RECORDS) == {"": {"document_software": "Wardwatch Records 9"}, CUFF: cuff}
    engine = {value for host, _, value in run.claims("hl7.receiv") if host == ENGINE}
    assert engine == {
        *("ORU", "OUL", "ClinicalDocument", "XML-ENGINE", "HOSPITAL", "PIX-MANAGER^2.999.7^ISO"),
    }
    lines = {(row["id.orig_h"], row["framing"], *row["message_types"]) for row in run.rows("hl7")}
    assert lines == {
        (MONITOR, "http", "ACK=1", "ORU^R01=1"),
        (ANALYSER, "mllp", "ACK=3", "OUL^R22=3"),
        (BEDSIDE, "http", "MCCI_IN000002UV01=1", "PRPA_IN201301UV02=1"),
        (HUB, "http", "ACK=1", "ClinicalDocument=1"),
        (HUB, "http", "ClinicalDocument=1", "MCCI_IN000002UV01=1"),
        (HUB, "mllp", "ACK=3", "ClinicalDocument=3"),
        (RECORDS, "http", "ACK=1", "ClinicalDocument=1"),
    }
    assert all(row["messages"] == row["acknowledgements"] for row in run.rows("hl7"))


def test_no_patient(run_zeek: Any) -> None:
    """No word of persons, implants, addresses and results reaches our logs; all are on the wire."""
    raw = CAPTURE.read_bytes()
    assert [word for word in CANARIES if word.encode() not in raw] == []
    for json_logs in (True, False):
        run = run_zeek(capture=CAPTURE, json_logs=json_logs)
        run.assert_quiet()
        for path in run.directory.glob("*.log"):
            # Zeek's own http.log has the paths that clients ask for.
            text = path.read_text("utf-8").replace(f"/{DOCUMENTS['ADDRESS']}", "")
            assert not [word for word in CANARIES if word in text], path.name


@pytest.mark.parametrize(
    ("body", "serial"),
    [
        (version2(MINE), "S1"),
        (version2(f"<ORU_R01.X><Y><Z>{MINE}</Z></Y></ORU_R01.X>"), "S1"),
        (version2(f"<!-- it's <OBX> -->{MINE}<?x <OBX>?>"), "S1"),
        (version2(obx("531972", "<![CDATA[A<|^]]>&amp;~\\\n1")), "A<|^&~\\ 1"),
        (version2(obx("531972", "S<!-- CANARY -->1")), "S1"),
        (PREFIXED, "S1"),
        (version2(obx("531972", "") + MINE), "S1"),
        (version2(f"<OBX.5>{'Q' * 99_999}</OBX.5>{MINE}"), "S1"),
        (version2(MINE, "urn:hl7-org:v2"), ""),
        (version2("").replace(MSH, MINE + MSH), ""),
        (version2(f"<![CDATA[{MINE}]]>"), ""),
        (version2(f"<x xmlns='{V3}'>{MINE}</x>"), ""),
        (f"<!DOCTYPE x [<!ENTITY s 'S1'>]>{version2(MINE)}", ""),
        (version2("<a>" * 5000 + MINE), ""),
        (version2(MINE)[:-60], ""),
    ],
    ids=["plain", "groups", "around", "escapes", "comment", "prefix", "empty", "long", "namespace",
         "no header", "text", "other", "doctype", "deep", "cut"],
)  # fmt: skip
def test_forms_of_version_2(post: Any, body: str, serial: str) -> None:
    """What a writer may put around segments, and what makes them none."""
    run = post(body, "application/xml")
    told = {value for _, field, value in run.claims("hl7.") if field == "hl7.serial_number"}
    assert told == ({serial} if serial else set())
    assert "CANARY" not in "".join(map(str, run.rows("hl7") + run.rows("iomt_asset")))


def test_equipment_of_version_2(post: Any) -> None:
    """Participations of equipment and equipment states; never of persons, nor other results."""
    udi = "(01)00884838012345(21)M1"
    text = f"""<PRT><PRT.4><CWE.1>EQUIP</CWE.1></PRT.4><PRT.10><EI.1>{udi}</EI.1></PRT.10></PRT>
      <PRT><PRT.4><CWE.1>OP</CWE.1></PRT.4><PRT.5><XCN.2><FN.1>CANARY</FN.1></XCN.2></PRT.5>
      <PRT.10><EI.1>CANARY</EI.1></PRT.10></PRT><EQU><EQU.1><EI.1>A1</EI.1><EI.2>LINE</EI.2>
      </EQU.1></EQU>{obx("147842", "CANARY")}<PID><OBX.5>CANARY</OBX.5></PID><NTE><NTE.3>CANARY
      </NTE.3></NTE>"""
    run = post(version2(text), "application/hl7-v2+xml")
    assert about(run).keys() == {"", f"udi:{udi}", "serial:A1^LINE"}
    assert "CANARY" not in "".join(map(str, run.rows("hl7") + run.rows("iomt_asset")))


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (written("<id root='2.999.1' extension='E1'/>"), "serial:E1^^2.999.1"),
        (written("<id root='2.999.1'/>"), "serial:2.999.1"),
        (written("<id root='3107C7C4-59D7-54B7-B500-00000000000A'/>"),
         "uuid:3107c7c4-59d7-54b7-b500-00000000000a"),
        (written("<id root='2.999.1' extension='080019FFFE134577'/>"), CUFF),
        (written("<id nullFlavor='NI' root='2.999.1'/><id root='2.999.2'/>"), "serial:2.999.2"),
        (written("<id root='2.16.840.1.113883.4.1' extension='CANARY'/>"), None),
        (written("<id root='2.16.840.1.113883.4.6' extension='CANARY'/>"), None),
        (written("<id root='2.999.1' extension='CANARY'/>", ""), None),
        (written("<id root='2.999.1' extension='CANARY'/><assignedPerson><name>CANARY</name>"
                 "</assignedPerson>"), None),
        ("<id root='2.999.1' extension='CANARY'/><assignedPerson>CANARY</assignedPerson>", None),
        (f"<id root='2.999.1' extension='CANARY'/>{MODEL}", None),
    ],
)  # fmt: skip
def test_authors(post: Any, text: str, subject: str | None) -> None:
    """Which identifiers are a device's, and when an author is none."""
    run = post(author(text), "application/cda+xml")
    assert about(run).keys() - {""} == ({subject} if subject else set())
    assert "CANARY" not in "".join(map(str, run.rows("hl7") + run.rows("iomt_asset")))


def test_version_3_names_its_sender(post: Any) -> None:
    """The receiver is logged as it is called; what calls itself a sender elsewhere is none."""
    device = DOCUMENTS["device"]("A", "Model &lt;1&gt;", "Soft")
    body = DOCUMENTS["version3"]("QUPC_IN043100UV01", device, DOCUMENTS["device"]("B", "X", "Y"))
    odd = f"<sender xmlns='urn:x'>{device}</sender><x:sender><device/></x:sender>"
    run = post(
        body.replace("<patient ", f"{odd}<patient ").replace("<subject ", "<device/><subject ")
    )
    assert about(run) == {
        "": {
            "sending_application": "A^2.999.7^ISO",
            "sending_model": "Model <1>",
            "sending_software": "Soft",
        }
    }
    [line] = run.rows("hl7")
    assert (line["version"], line["receiving_application"]) == ("3", "B^2.999.7^ISO")
    assert "receiving_application" not in about(run, SERVER).get("", {})


@pytest.mark.parametrize("kind", ["text/xml", "application/soap+xml", "application/xop+xml"])
def test_other_xml_is_left_alone(post: Any, kind: str) -> None:
    """Feeds and services are neither recognised nor logged."""
    for body in (f"<rss><x>{V3}</x>{MODEL}</rss>", f"<a xmlns='{V3}'>{MODEL}<sender/></a>"):
        run = post(body, kind)
        assert not run.claims("hl7.")
        assert not run.rows("hl7")


def test_damaged_bytes(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Messages whose bytes are changed, cut, lost or repeated, over HTTP and MLLP."""
    originals = [
        version2(MINE + obx("67880", "<EI.1>M</EI.1><EI.2>N</EI.2>", "A^B")).encode(),
        DOCUMENTS["HUB"],
        DOCUMENTS["FEED"],
    ]
    packets = []
    for number, body in enumerate(damaged(originals, 300, 13)):
        talk = conversation(
            client=f"10.4.{number // 250}.{1 + number % 250}",
            server_port=(80, 6671)[number % 2],
            end=number % 3 > 0,
        )
        said = framed(body) if number % 2 else posted(body)
        packets += talk.packets([(True, said), (False, framed(ACK.encode()))])
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert len(run.rows("hl7")) > 100
    for name in ("hl7", "iomt_asset"):
        assert CLIENT not in {row.get("host") for row in run.rows(name)}


def test_every_claim_is_registered(run_zeek: Any) -> None:
    """Each field is an entry of fields.yaml."""
    registry = Path(__file__).parents[2] / "enrichment" / "wardwatch_enrichment" / "fields.yaml"
    known = registry.read_text("utf-8")
    run = run_zeek(capture=CAPTURE)
    assert not {f for _, f, _ in run.claims("hl7.") if f"\n  {f}:\n" not in known}
