"""Where the plans lie that both channels read."""

from pathlib import Path

import pydicom
import pytest

PLAN_CLASSES = ("1.2.840.10008.5.1.4.1.1.481.5", "1.2.840.10008.5.1.4.1.1.481.8")


def plans_below(folder: Path) -> list[Path]:
    """Return every DICOM file below `folder` that calls itself a plan."""
    found = []
    for file in sorted(folder.rglob("*.dcm")):
        try:
            head = pydicom.dcmread(file, force=True, specific_tags=["SOPClassUID", "Modality"])
        except Exception:  # noqa: BLE001  (a broken file is no plan)
            continue
        if head.get("SOPClassUID") in PLAN_CLASSES or head.get("Modality") == "RTPLAN":
            found.append(file)
    return found


@pytest.fixture(scope="session")
def real_dicom_plans(shared_data) -> list[Path]:
    files = plans_below(shared_data / "dicom") + plans_below(shared_data / "rtp-pairs")
    assert len(files) > 40
    return files


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    from app.demo.write_demo import write_demo

    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")
