"""A DICOM station on pynetdicom, run inside a persona. It adds to DCMTK's programs what they lack:
a chosen implementation class UID and version name, IPv6, very small PDUs, several PDVs in one PDU,
a performed procedure step, and any proposal of transfer syntaxes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from canaries import PASSCODE, USERNAME, plant
from pydicom import Dataset, dcmread
from pydicom.uid import UID
from pynetdicom import (
    AE,
    ALL_TRANSFER_SYNTAXES,
    AllStoragePresentationContexts,
    _config,
    evt,
)
from pynetdicom.association import Association
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.pdu_primitives import P_DATA, UserIdentityNegotiation
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made when asked for
    ModalityPerformedProcedureStep,
    Verification,
)

# A file's dataset goes out as it stands in the file, never decoded and encoded again.
_config.STORE_SEND_CHUNKED_DATASET = True
encode_fragments = DIMSEMessage.encode_msg


def join_fragments(self: DIMSEMessage, context_id: int, max_pdu: int) -> Iterator[P_DATA]:
    """Cut a dataset into 60-byte PDVs and put as many into each PDU as the peer's limit allows.

    The command stays whole and comes first: tshark loses its place after one in fragments.
    """
    commands = [pdv for pdv in _pdvs(self, context_id, max_pdu) if pdv[1][0] & 1]
    data = [pdv for pdv in _pdvs(self, context_id, 66) if not pdv[1][0] & 1]
    pdu, room = P_DATA(), max_pdu
    for pdv in (*commands, *data):
        need = 5 + len(pdv[1])
        if need > room:
            yield pdu
            pdu, room = P_DATA(), max_pdu
        pdu.presentation_data_value_list.append(pdv)
        room -= need
    yield pdu


def _pdvs(message: DIMSEMessage, context_id: int, max_pdu: int) -> Iterator[tuple[int, bytes]]:
    for part in encode_fragments(message, context_id, max_pdu):
        yield from part.presentation_data_value_list


def associate(
    options: argparse.Namespace, contexts: list[tuple[str, list[str] | None]]
) -> Association:
    """Open the association that the command line describes, or exit 1."""
    ae = AE(ae_title=options.calling)
    if options.implementation:
        ae.implementation_class_uid = UID(options.implementation[0])
        ae.implementation_version_name = options.implementation[1] or None
    for sop_class, syntaxes in contexts:
        ae.add_requested_context(sop_class, syntaxes)
    extended: list[Any] = []
    if options.identity:
        login = UserIdentityNegotiation()
        login.user_identity_type = 2
        login.primary_field, login.secondary_field = USERNAME.encode(), PASSCODE.encode()
        extended.append(login)
    peer = ae.associate(
        options.host, options.port, ae_title=options.called, max_pdu=options.max_pdu,
        ext_neg=extended,
    )  # fmt: skip
    if not peer.is_established:
        sys.exit(f"no association with {options.called} at {options.host}:{options.port}")
    return peer


def store(options: argparse.Namespace) -> None:
    """C-STORE each file in its own transfer syntax, all in one association."""
    if options.join:
        DIMSEMessage.encode_msg = join_fragments  # type: ignore[assignment,method-assign]
    metas = [dcmread(path, stop_before_pixels=True).file_meta for path in options.file]
    kinds = {(str(m.MediaStorageSOPClassUID), str(m.TransferSyntaxUID)) for m in metas}
    contexts = [(sop_class, [syntax]) for sop_class, syntax in sorted(kinds)]
    peer = associate(options, [(str(Verification), None), *contexts])
    if options.echo:
        peer.send_c_echo()
    for path in options.file:
        status = peer.send_c_store(path)
        if "Status" not in status or status.Status != 0:
            sys.exit(f"{path} was not stored: {status}")
    peer.release()


def report_step(options: argparse.Namespace) -> None:
    """N-CREATE a performed procedure step that names the canary patient."""
    step = Dataset()
    plant(step)
    step.PerformedStationAETitle = options.calling
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    peer = associate(options, [(str(ModalityPerformedProcedureStep), None)])
    status, _ = peer.send_n_create(step, ModalityPerformedProcedureStep, UID("2.25.7001"))
    if "Status" not in status or status.Status != 0:
        sys.exit(f"the procedure step was refused: {status}")
    peer.release()


def serve(options: argparse.Namespace) -> None:
    """Accept every dataset and procedure step, until killed."""
    ae = AE(ae_title=options.called)
    ae.maximum_pdu_size = options.max_pdu
    if options.implementation:
        ae.implementation_class_uid = UID(options.implementation[0])
        ae.implementation_version_name = options.implementation[1] or None
    for context in AllStoragePresentationContexts:
        ae.add_supported_context(str(context.abstract_syntax), ALL_TRANSFER_SYNTAXES)
    ae.add_supported_context(Verification)
    ae.add_supported_context(ModalityPerformedProcedureStep)
    handlers: list[Any] = [
        (evt.EVT_C_STORE, lambda _: 0x0000),
        (evt.EVT_N_CREATE, lambda event: (0x0000, event.attribute_list)),
    ]
    ae.start_server((options.host, options.port), evt_handlers=handlers)


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=("store", "mpps", "serve"))
    parser.add_argument("host", help="whom to talk to, or the address to listen on")
    parser.add_argument("port", type=int)
    parser.add_argument("file", nargs="*", type=Path)
    parser.add_argument("--calling", default="MODALITY")
    parser.add_argument("--called", default="ARCHIVE")
    parser.add_argument("--implementation", nargs=2, metavar=("UID", "VERSION"))
    parser.add_argument("--max-pdu", type=int, default=16384)
    parser.add_argument("--identity", action="store_true", help="log in as the canary user")
    parser.add_argument("--join", action="store_true", help="several small PDVs in each PDU")
    parser.add_argument("--echo", action="store_true", help="C-ECHO before the first file")
    options = parser.parse_args()
    {"store": store, "mpps": report_step, "serve": serve}[options.do](options)


if __name__ == "__main__":
    main()
