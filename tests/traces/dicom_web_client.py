"""A viewer on dicomweb-client, run inside a persona: it stores, looks up and fetches over HTTP."""

from __future__ import annotations

import sys

from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread


def store(client: DICOMwebClient, paths: list[str]) -> None:
    """STOW-RS: give the server each file."""
    for path in paths:
        client.store_instances([dcmread(path)])


def look_up(client: DICOMwebClient, paths: list[str]) -> None:
    """QIDO-RS: ask for the patient, and for the series with all that the server tells of them."""
    for path in paths:
        data = dcmread(path)
        if not client.search_for_studies(search_filters={"PatientID": data.PatientID}):
            sys.exit("the server does not know the patient")
        client.search_for_series(
            study_instance_uid=data.StudyInstanceUID,
            fields=["Manufacturer", "ManufacturerModelName", "StationName"],
        )


def fetch(client: DICOMwebClient, paths: list[str]) -> None:
    """WADO-RS: fetch the metadata, and the file itself."""
    for path in paths:
        data = dcmread(path)
        which = (data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID)
        client.retrieve_instance_metadata(*which)
        client.retrieve_instance(*which)


if __name__ == "__main__":
    act = {"store": store, "look_up": look_up, "fetch": fetch}[sys.argv[1]]
    act(DICOMwebClient(url=sys.argv[2]), sys.argv[3:])
