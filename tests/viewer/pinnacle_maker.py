"""A small Pinnacle patient written by formula: the truth is known in DICOM millimetres.

The signs are typed here anew, one line per position, so that a wrong sign of the reader shows.
"""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

NATIVE_CM = {
    "HFS": lambda x, y, z: (x / 10, -y / 10, -z / 10),
    "HFP": lambda x, y, z: (-x / 10, y / 10, -z / 10),
    "FFS": lambda x, y, z: (-x / 10, -y / 10, z / 10),
    "FFP": lambda x, y, z: (x / 10, y / 10, z / 10),
}
WORDS = {
    "HFS": ("On back (supine)", "Head First Into Scanner"),
    "HFP": ("On front (prone)", "Head First Into Scanner"),
    "FFS": ("On back (supine)", "Feet First Into Scanner"),
    "FFP": ("On front (prone)", "Feet First Into Scanner"),
}
FRAME, SERIES = "1.2.3.1", "1.2.3.2"
# Pinnacle's own axes: lowest voxel centre, step (cm) and count of x, y, z.
IMAGE = (np.array([-5.0, -6.0, -4.0]), np.array([0.5, 0.4, 1.0]), (24, 31, 9))
DOSE = (np.array([-4.0, -5.0, -3.5]), np.array([0.4, 0.5, 0.8]), (20, 18, 8))
POINT_MM = (4.0, -7.0, 9.0)
ISO_MM = (5.0, -3.0, 6.0)
# Prescribed cGy per fraction of each beam, and its fractions.
BEAMS = {"AP": (120.0, 10), "LAT": (80.0, 10)}


def stored(x, y, z):
    """CT number at a DICOM position."""
    return np.round(1000 + 3 * x + 5 * y + 2 * z)


def cgy_per_mu(name, x, y, z):
    """Dose per MU of a beam at a DICOM position; linear, so that sampling is exact."""
    return 0.9 + 0.002 * x - 0.001 * y + 0.003 * z if name == "AP" else 0.7 - 0.003 * x + 0.002 * y


def gray(x, y, z):
    """Dose of all fractions at a DICOM position."""
    return sum(
        dose * fractions / 100 * cgy_per_mu(name, x, y, z) / cgy_per_mu(name, *POINT_MM)
        for name, (dose, fractions) in BEAMS.items()
    )


def dicom_mm(position, cm):
    """DICOM position of native ones; every map is its own inverse but for the factor."""
    x, y, z = (np.asarray(part) * 100 for part in NATIVE_CM[position](*np.moveaxis(cm, -1, 0)))
    return np.stack([x, y, z], axis=-1)


def lattice_mm(position, grid):
    """DICOM positions of a native box: indices z, y, x ascending in Pinnacle's own axes."""
    origin, step, counts = grid
    places = [origin[k] + step[k] * np.arange(counts[k]) for k in range(3)]
    z, y, x = np.meshgrid(places[2], places[1], places[0], indexing="ij")
    return dicom_mm(position, np.stack([x, y, z], axis=-1))


def write_patient(folder: Path, position="HFS", *, old=False) -> Path:
    """Write a patient with one plan; `old` for one of before version 9."""
    plan = folder / "Plan_0"
    plan.mkdir(parents=True)
    write(folder / "Patient", patient())
    write(folder / "ImageSet_0.header", header(position, old=old))
    write(folder / "ImageSet_0.ImageInfo", image_info())
    at = np.moveaxis(lattice_mm(position, IMAGE), -1, 0)
    stored(*at)[:, ::-1, :].astype("<i2").tofile(folder / "ImageSet_0.img")
    lying, way = WORDS[position]
    write(plan / "plan.PatientSetup", f'Position = "{lying}";\nOrientation = "{way}";\n')
    points = {"iso": ISO_MM, "calc": POINT_MM}
    write(plan / "plan.Points", "".join(poi(n, position, at) for n, at in points.items()))
    write(plan / "plan.roi", region("box", position) + region("empty", position, heights=()))
    write(plan / "plan.Pinnacle.Machines", machine())
    write(plan / "plan.Trial", trial())
    for number, name in enumerate(BEAMS):
        at = np.moveaxis(lattice_mm(position, DOSE), -1, 0)
        values = np.broadcast_to(cgy_per_mu(name, *at), DOSE[2][::-1])
        values[:, ::-1, :].astype(">f4").tofile(plan / f"plan.Trial.binary.{number:03d}")
    return folder


def write(path: Path, text: str) -> None:
    # Two arbitrary bytes end most files; one is a line feed here, the other no ASCII.
    path.write_bytes(text.encode("latin-1") + b"\n/* \n\xfe */\n")


def patient() -> str:
    return (
        'LastName = "DOE"; \nFirstName = "JANE";\nMedicalRecordNumber = "P-77";\n'
        'DateOfBirth = "1950-02-03";\nComment = "a \\"note\\" = {; of\ntwo lines";\n'
        "ImageSetList ={\n  ImageSet ={\n    ImageSetID = 0;\n  };\n};\n"
        'PlanList ={\n  Plan ={\n    PlanID = 0;\n    PlanName = "PELVIS";\n'
        "    PrimaryCTImageSetID = 0;\n  };\n};\n"
    )


def header(position: str, *, old: bool) -> str:
    origin, step, counts = IMAGE
    lines = ["\tbyte_order = 0;", "\tdatatype = 1;", "\tbitpix = 16;", "\tbytes_pix = 2;"]
    for axis, start, size, count in zip("xyz", origin, step, counts, strict=True):
        lines += [f"\t{axis}_dim = {count};", f"\t{axis}_pixdim = {size:.6f};"]
        lines += [f"\t{axis}_start = {start if old or axis == 'z' else start - 40:.6f};"]
        if not old and axis != "z":
            lines += [f"\t{axis}_start_dicom = {start:.6f};"]
    lines += ["\tdb_name : DOE^JANE", f"\tpatient_position : {position}", "\tmodality : CT"]
    return "\n".join(lines)


def image_info() -> str:
    origin, step, counts = IMAGE
    return "".join(
        f"ImageInfo ={{\n  TablePosition = {origin[2] + k * step[2]:.6g};\n"
        f'  SliceNumber = {k + 1};\n  SeriesUID = "{SERIES}";\n  FrameUID = "{FRAME}";\n'
        f'  StudyInstanceUID = "1.2.3.9";\n  ClassUID = "1.2.840.10008.5.1.4.1.1.2";\n'
        f'  InstanceUID = "1.2.3.2.{k + 1}";\n}};\n'
        for k in range(counts[2])
    )


def poi(name, position, at_mm) -> str:
    x, y, z = NATIVE_CM[position](*at_mm)
    return (
        f'Poi ={{\n  Name = "{name}";\n  XCoord = {x};\n  YCoord = {y};\n  ZCoord = {z};\n'
        '  Color = "red";\n  CoordSys = "CT";\n  VolumeName = "DOE^JANE";\n'
        '  PoiInterpretedType = "MARKER";\n};\n'
    )


# A block wider to the left (+x) and to the front (-y) of the patient, in three slices.
CORNERS_MM = ((-10.0, -20.0), (30.0, -20.0), (30.0, 5.0), (-10.0, 5.0))
HEIGHTS_MM = (0.0, 10.0, 20.0)


def region(name, position, heights=HEIGHTS_MM) -> str:
    text = (
        f"//  Beginning of ROI: {name}\n roi={{\n           name: {name}\n"
        "    volume_name: DOE^JANE\n           roiinterpretedtype: ORGAN\n"
        f"           color:           skyblue\n           num_curve = {len(heights)};\n"
    )
    for k, z in enumerate(heights, 1):
        rows = [NATIVE_CM[position](x, y, z) for x, y in CORNERS_MM]
        points = "\n".join(f"{x:g} {y:g} {z:g}" for x, y, z in rows)
        text += (
            f"               curve={{\n                       num_points =  {len(rows)};\n"
            f"points={{\n{points}\n }};  // End of points for curve {k}\n}}; // End of curve {k}\n"
        )
    return text + f"        }}; // End of ROI {name}\n"


def machine() -> str:
    angles = {"CouchAngle": (0, 1), "GantryAngle": (0, 0), "CollimatorAngle": (180, 1)}
    text = '#0 ={\n  Name = "LINAC";\n  VersionTimestamp = "2020-01-01 10:00:00";\n  SAD = 100;\n'
    for name, (top, clockwise) in angles.items():
        text += f"  {name} ={{\n    TwelveOClockAngle = {top};\n"
        text += f"    ClockwiseIncreases = {clockwise};\n  }};\n"
    for side, jaw in {"Left": "X1", "Right": "X2", "Top": "-Y2", "Bottom": "Y1"}.items():
        text += f'  {side}JawName = "{jaw}";\n'
    pairs = "".join(
        f"MLCLeafPair ={{\nYCenterPosition = {y};\nWidth = {w};\n}};\n"
        for y, w in ((-2.0, 2.0), (0.0, 2.0), (1.5, 1.0))
    )
    return text + (
        f"  MultiLeaf ={{\n LeafPairList ={{\n{pairs}}};\n}};\n"
        '  PhotonEnergyList ={\n    MachineEnergy ={\n      Name = "6X";\n      PhysicsData ={\n'
        "        OutputFactor ={\n          DosePerMuAtCalibration = 0.8;\n        };\n"
        "      };\n    };\n  };\n};\n"
    )


def trial() -> str:
    origin, step, counts = DOSE
    text = 'Trial ={\n  Name = "Trial_1";\n'
    for k, axis in enumerate("XYZ"):
        text += f"  DoseGrid .VoxelSize .{axis} = {step[k]};\n"
        text += f"  DoseGrid .Dimension .{axis} = {counts[k]};\n"
        text += f"  DoseGrid .Origin .{axis} = {origin[k]};\n"
        text += f"  DoseGrid .VolRotDelta .{axis} = 0;\n"
    text += (
        '  PrescriptionList ={\n    Prescription ={\n      Name = "Target";\n'
        "      PrescriptionDose = 200;\n      NumberOfFractions = 10;\n"
        '      NormalizationMethod = "Point Dose";\n'
        '      PrescriptionPeriod = "Per Fraction";\n    };\n  };\n  BeamList ={\n'
    )
    return text + "".join(beam(k, name) for k, name in enumerate(BEAMS)) + "  };\n};\n"


def beam(number: int, name: str) -> str:
    cgy, _ = BEAMS[name]
    # Output factors that agree with the dose file at the point.
    factor = cgy_per_mu(name, *POINT_MM) / 0.8
    return (
        f'    Beam ={{\n      Name = "{name}";\n      IsocenterName = "ISO";\n'
        '      PrescriptionName = "Target";\n      UsePoiForPrescriptionPoint = 1;\n'
        '      PrescriptionPointName = "calc";\n'
        '      MachineNameAndVersion = "LINAC: 2020-01-01 10:00:00";\n'
        '      Modality = "Photons";\n      MachineEnergyName = "6X";\n'
        '      SetBeamType = "Step & Shoot MLC";\n      UseMLC = 1;\n'
        "      CPManager ={\n        CPManagerObject ={\n          ControlPointList ={\n"
        + segment(0, 0.75)
        + segment(1, 0.25)
        + "          };\n        };\n      };\n"
        f"      MonitorUnitInfo ={{\n        PrescriptionDose = {cgy};\n"
        f"        TotalTransmissionFraction = 1;\n        NormalizedDose = {factor:.6f};\n"
        "        CollimatorOutputFactor = 1;\n      };\n"
        f"      DoseVolume = \\XDR:{number}\\;\n      Weight = 50;\n"
        "      MonitorUnitsValid = 1;\n    };\n"
    )


def segment(number: int, weight: float) -> str:
    return (
        f"            #{number} ={{\n              Gantry = 79;\n              Couch = 355;\n"
        "              Collimator = 10;\n              WedgeContext ={\n"
        '                WedgeName = "No Wedge";\n              };\n'
        "              LeftJawPosition = 4;\n              RightJawPosition = 5;\n"
        "              TopJawPosition = 2;\n              BottomJawPosition = 3;\n"
        "              MLCLeafPositions ={\n                RawData ={\n"
        "                  NumberOfPoints = 3;\n                  Points[] ={\n"
        "                    1,2,\n                    3,4,\n                    -0.5,5\n"
        "                  };\n                };\n              };\n"
        f"              Weight = {weight};\n            }};\n"
    )


def write_dicom_slices(folder: Path, shift_mm=(0.0, 0.0, 0.0), *, leave_out=0) -> None:
    """Write the DICOM slices of the image set (HFS), moved by `shift_mm`, in HU."""
    home = folder / "ImageSet_0.DICOM"
    home.mkdir()
    at = lattice_mm("HFS", IMAGE)
    values = (stored(*np.moveaxis(at, -1, 0)) - 1000)[:, ::-1, :]
    for number in range(len(at) - leave_out):
        data = Dataset()
        data.SOPClassUID = CTImageStorage
        data.SOPInstanceUID = f"1.2.3.2.{number + 1}"
        data.Modality, data.PatientID, data.PatientPosition = "CT", "P-77", "HFS"
        data.SeriesInstanceUID, data.FrameOfReferenceUID = SERIES, FRAME
        data.ImagePositionPatient = [float(v) for v in at[number, -1, 0] + shift_mm]
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.PixelSpacing = [4.0, 5.0]
        data.Rows, data.Columns = values.shape[1:]
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
        data.PixelRepresentation, data.SamplesPerPixel = 1, 1
        data.PhotometricInterpretation = "MONOCHROME2"
        data.PixelData = values[number].astype("<i2").tobytes()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.save_as(home / f"{number}.img", enforce_file_format=True)
