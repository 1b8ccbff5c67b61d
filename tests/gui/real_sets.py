"""Every real RT set of the public data: how it is opened, and packed series put beside it."""

import shutil
import tarfile
from pathlib import Path

# Name of a set: the files or folders of shared/data/dicom it is made of, and a packed series.
SETS: dict[str, tuple[tuple[str, ...], str]] = {
    "breast": (
        ("breast_dicompyler/rtplan.dcm", "breast_dicompyler/rtss.dcm",
         "breast_dicompyler/rtdose.dcm"),
        "breast_dicompyler/ct_derived.tar.xz"),
    "head and neck": (("hn_proknow",), ""),
    "liver, feet first": (("liver_mird/RS.dcm",), "liver_mird/CT.tar.xz"),
    "brain vmat and imrt": (("brain_srs_raystation",), ""),
    "brain vmat": (("brain_srs_raystation/vmat",), ""),
    "brain imrt": (("brain_srs_raystation/imrt",), ""),
    "phantom": (("phantom_oncentra/simple_phantom_case",), ""),
    "brachytherapy plan": (("phantom_oncentra/single_brachy_plan",), ""),
    "empty dose": (("phantom_oncentra/single_empty_dose",), ""),
    "electron plan": (("phantom_oncentra/single_plan",), ""),
    "structures alone": (("phantom_oncentra/single_struct",), ""),
    "analytic cylinder": (
        ("nelms_dvh/rs/Cylinder_10_0.dcm", "nelms_dvh/dose/Linear_SupInf_1mm_Aligned.dcm"), ""),
    "analytic sets together": (("nelms_dvh",), ""),
    "wedge dose": (("orientation_doses/RD.wedge.dcm",), ""),
    "pinnacle plan and dose": (("orientation_doses/pinnacle",), ""),
    "tiny vmat": (("orientation_doses/tinyvmat",), ""),
    "doses of eight positions, no pixels": (("orientation_doses/dicomorient",), ""),
    "example structures": (("orientation_doses/example_structures.dcm",), ""),
    **{
        f"plans {name}": ((f"plans_mixed/{name}",), "")
        for name in ("pps/pinnacle_vmat", "pps/brainlab_dynarc", "pps/halcyon",
                     "pps/chestwall_photon_electron", "pps/monaco_3dcrt", "koala", "pmp", "elf",
                     "pps/IMRT_10F.dcm", "pps/VMAT_PLAN_WITH_SETUP_FIELDS.dcm",
                     "pps/RP_FiF.dcm")
    },
}  # fmt: skip


def gathered(data: Path, name: str, folder: Path) -> Path:
    """Return a folder of its own with one set, packed series unpacked."""
    parts, packed = SETS[name]
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        source = data / "dicom" / part
        if source.is_dir():
            shutil.copytree(source, folder / source.name)
        else:
            shutil.copy(source, folder)
    if packed:
        with tarfile.open(data / "dicom" / packed) as archive:
            archive.extractall(folder / "packed", filter="data")
    return folder
