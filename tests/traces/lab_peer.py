"""Laboratory instruments and their receivers, run inside a persona.

They send ASTM E1394 records bare, in frames of E1381 and in MLLP, and the conversation of POCT1-A.
Nobody publishes a genuine sender, so the layouts are those of real instruments; identifiers and the
patient are invented.

`CANARIES` are unique words about persons and log-ins: none may ever leave a sensor.
"""

from __future__ import annotations

import argparse
import socket

CANARIES = (
    *("CANARYIDQX9AA", "CANARYNAME^QX9AB", "18870315", "CANARYSTREET QX9AC", "CANARYPHONEQX9AD"),
    *("CANARYDOCTOR^QX9AE", "CANARYSAMPLE-QX9AF", "CANARYRESULTQX9AG", "CANARYOPERATOR-QX9AH"),
    *("CANARYPASSWORD-QX9AI", "CANARYNOTE QX9AJ"),
)
ID, NAME, BORN, STREET, PHONE, DOCTOR, SAMPLE, RESULT, OPERATOR, PASSWORD, NOTE = CANARIES

RECORDS = (
    f"P|1|{ID}|{ID}||{NAME}||{BORN}|F||{STREET}||{PHONE}|{DOCTOR}",
    f"O|1|{SAMPLE}||^^^146|R||||||N||||{SAMPLE}|{DOCTOR}",
    f"R|1|^^^146|{RESULT}|uIU/mL|||||F||{OPERATOR}|20260115",
    f"C|1|I|{NOTE}|G",
    "L|1|N",
)
# The header of each instrument; H-4 is an access password.
HEADERS = {
    "architect": rf"H|\^&||{PASSWORD}|ARCHITECT^7.01^F9000000001^H1P1O1R1C1Q1L1|||||||P|1|20260115",
    "cobas": rf"H|\^&||{PASSWORD}|cobas-e411^1|||||host|RSUPL^BATCH|P|1",
    "sysmex": r"H|\^&|||    XN-530^00-22^90001^^^^BQ900001||||||||E1394-97",
    "genexpert": r"H|@^\|GXM-90000001||LAB^GeneXpert^6.4|||||LIS||P|1394-97|20260115",
}

GREETING = """<HEL.R01>
  <HDR>
    <HDR.message_type V="HEL.R01" SN="POCT1" SV="1" />
    <HDR.control_id V="1" />
    <HDR.version_id V="POCT1" />
    <HDR.creation_dttm V="2026-01-15T10:15:00-05:00" />
  </HDR>
  <DEV>
    <DEV.device_id V="{device}">WARD^ICU</DEV.device_id>
    <DEV.vendor_id V="NOVABIO" />
    <DEV.model_id V="StatStrip" />
    <DEV.serial_id V="{serial}" />
    <DEV.manufacturer_name V="Nova &amp; Biomedical" />
    <DEV.hw_version V="K1" />
    <DEV.sw_version V="3.10.8.0">3.10.8.0_it-IT</DEV.sw_version>
    <DEV.device_name V="DLO-{serial}" />
    <DSC>
      <DSC.connection_profile_cd V="SA" />
      <DSC.topics_supported_cd V="D_EV" SN="POCT1" SV="1" />
    </DSC>
  </DEV>
</HEL.R01>
"""
RESULTS = f"""<OBS.R01>
  <HDR><HDR.control_id V="2" /><HDR.version_id V="POCT1" /></HDR>
  <SVC><PT><PT.patient_id V="{ID}" /><PT.name V="{NAME}" /><PT.birth_date V="{BORN}" />
    <OBS><OBS.value V="{RESULT}" U="mg/dL" /></OBS></PT>
    <OPR><OPR.operator_id V="{OPERATOR}" /></OPR><NTE><NTE.text V="{NOTE}" /></NTE></SVC>
</OBS.R01>
"""
ACKNOWLEDGED = (
    '<ACK.R01><HDR><HDR.version_id V="POCT1" /></HDR><ACK><ACK.type_cd V="AA" /></ACK></ACK.R01>'
)
METERS = (("0009FBFFFE000901", "0600900001"), ("", "0600900002"))


def frame(number: int, text: str) -> bytes:
    """Return a frame of E1381 with its checksum."""
    body = f"{number % 8}{text}\r\x03".encode()
    return b"\x02" + body + f"{sum(body) % 256:02X}\r\n".encode()


def pieces(how: str, instrument: str) -> list[bytes]:
    """Return what is sent, each piece after an answer to the one before."""
    records = [HEADERS[instrument], *RECORDS]
    if how == "frames":
        frames = [frame(number, record) for number, record in enumerate(records, 1)]
        return [b"\x05", *frames, b"\x04"]
    if how == "poct1a":
        devices = [GREETING.format(device=device, serial=serial) for device, serial in METERS]
        return [text.encode() for device in devices for text in (device, RESULTS)]
    text = "\r".join([*records, ""]).encode()
    return [b"\x0b" + text + b"\x1c\r" if how == "mllp" else text]


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=("serve", "frames", "bare", "mllp", "poct1a"))
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--instrument", default="architect", choices=HEADERS)
    parser.add_argument("--answer", default="\x06")
    options = parser.parse_args()
    if options.do == "serve":
        with socket.create_server((options.host, options.port)) as server:
            while True:
                peer, _ = server.accept()
                with peer:
                    while peer.recv(65536):
                        peer.sendall(options.answer.encode())
    with socket.create_connection((options.host, options.port)) as peer:
        for piece in pieces(options.do, options.instrument):
            peer.sendall(piece)
            peer.recv(4096)


if __name__ == "__main__":
    main()
