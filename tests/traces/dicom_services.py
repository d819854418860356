"""The services around images on pynetdicom, run inside a persona: performed procedure steps, a
broker that passes them on under the modality's own title, and storage commitment with its report.
"""

from __future__ import annotations

import argparse
import sys
import threading
from typing import Any

from canaries import PLANTED, plant
from pydicom import Dataset, Sequence
from pydicom.uid import UID
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made when asked for
    ModalityPerformedProcedureStep,
    StorageCommitmentPushModel,
)

STEP = UID("2.25.7101")
COMMITMENT = UID("1.2.840.10008.1.20.1.1")
SUCCESS = 0x0000


def associate(title: str, called: str, host: str, port: int, sop_class: Any) -> Association:
    """Open an association for one service, or exit 1."""
    ae = AE(ae_title=title)
    ae.add_requested_context(sop_class)
    peer = ae.associate(host, port, ae_title=called)
    if not peer.is_established:
        sys.exit(f"no association with {called} at {host}:{port}")
    return peer


def check(status: Dataset) -> None:
    """Exit 1 unless the other side was content."""
    if "Status" not in status or status.Status != SUCCESS:
        sys.exit(f"refused: {status}")


def report_step(options: argparse.Namespace) -> None:
    """N-CREATE a step of the canary patient, and N-SET it once it is over."""
    step = Dataset()
    plant(step)
    step.Modality = options.modality
    step.PerformedStationAETitle = options.title
    step.PerformedStationName = options.station
    step.PerformedLocation = PLANTED["StudyDescription"][:16]
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    over = Dataset()
    series = Dataset()
    series.OperatorsName = PLANTED["OperatorsName"]
    series.Modality = options.modality
    over.PerformedProcedureStepStatus = "COMPLETED"
    over.PerformedSeriesSequence = Sequence([series])
    peer = associate(options.title, "BROKER", options.host, options.port,
                     ModalityPerformedProcedureStep)  # fmt: skip
    check(peer.send_n_create(step, ModalityPerformedProcedureStep, STEP)[0])
    check(peer.send_n_set(over, ModalityPerformedProcedureStep, STEP)[0])
    peer.release()


def take_steps(options: argparse.Namespace) -> None:
    """Accept procedure steps until killed, and pass them on if there is somebody to take them."""

    def pass_on(event: Any, send: str, data: Dataset) -> tuple[int, Dataset]:
        if options.to:
            title = event.assoc.requestor.ae_title
            peer = associate(title, "RIS", options.to[0], int(options.to[1]),
                             ModalityPerformedProcedureStep)  # fmt: skip
            check(getattr(peer, send)(data, ModalityPerformedProcedureStep, STEP)[0])
            peer.release()
        return SUCCESS, data

    ae = AE(ae_title=options.title)
    ae.add_supported_context(ModalityPerformedProcedureStep)
    handlers: list[Any] = [
        (evt.EVT_N_CREATE, lambda event: pass_on(event, "send_n_create", event.attribute_list)),
        (evt.EVT_N_SET, lambda event: pass_on(event, "send_n_set", event.modification_list)),
    ]
    ae.start_server((options.host, options.port), evt_handlers=handlers)


def commit(options: argparse.Namespace) -> None:
    """Ask for commitment to an image, and take the report in an association of the archive."""
    reported = threading.Event()

    def take_report(_: Any) -> tuple[int, None]:
        reported.set()
        return SUCCESS, None

    ae = AE(ae_title=options.title)
    ae.add_supported_context(StorageCommitmentPushModel)
    here = ae.start_server((options.own, 11115), block=False,
                           evt_handlers=[(evt.EVT_N_EVENT_REPORT, take_report)])  # fmt: skip
    image = Dataset()
    image.ReferencedSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.2")
    image.ReferencedSOPInstanceUID = UID("2.25.7102")
    asked = Dataset()
    asked.TransactionUID = UID("2.25.7103")
    asked.ReferencedSOPSequence = Sequence([image])
    peer = associate(options.title, "ARCHIVE", options.host, options.port,
                     StorageCommitmentPushModel)  # fmt: skip
    check(peer.send_n_action(asked, 1, StorageCommitmentPushModel, COMMITMENT)[0])
    peer.release()
    if not reported.wait(10):
        sys.exit("no report of the commitment")
    if here:
        here.shutdown()


def give_commitment(options: argparse.Namespace) -> None:
    """Accept requests for commitment until killed, and report success to whoever asked."""

    def report(asked: Dataset) -> None:
        ae = AE(ae_title=options.title)
        ae.add_requested_context(StorageCommitmentPushModel)
        # Who reports is the provider, though it asks for the association (PS3.7 D.3.3.4).
        role = build_role(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        peer = ae.associate(options.to[0], int(options.to[1]), ae_title="MODALITY", ext_neg=[role])
        if not peer.is_established:
            return
        peer.send_n_event_report(asked, 1, StorageCommitmentPushModel, COMMITMENT)
        peer.release()

    def take(event: Any) -> tuple[int, None]:
        threading.Timer(0.5, report, (event.action_information,)).start()
        return SUCCESS, None

    ae = AE(ae_title=options.title)
    ae.add_supported_context(StorageCommitmentPushModel)
    ae.start_server((options.host, options.port), evt_handlers=[(evt.EVT_N_ACTION, take)])


def main() -> None:
    """Read the command line and do it."""
    doing = {"step": report_step, "steps": take_steps, "commit": commit, "commits": give_commitment}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=doing)
    parser.add_argument("host", help="whom to talk to, or the address to listen on")
    parser.add_argument("port", type=int)
    parser.add_argument("--title", required=True)
    parser.add_argument("--own", help="the address to take the report on")
    parser.add_argument("--to", nargs=2, metavar=("HOST", "PORT"))
    parser.add_argument("--modality", default="CT")
    parser.add_argument("--station", default="CT_ROOM_1")
    options = parser.parse_args()
    doing[options.do](options)


if __name__ == "__main__":
    main()
