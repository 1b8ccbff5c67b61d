"""Small invented DICOM RT sets whose truth is known at every point in the patient.

A function f(x, y, z) of patient millimetres fills pixels and dose, so that a reader can be asked
for any physical point. Everything is a plain pydicom data set until `write`: change it before.

    toy = clean_set()                    # images, structures, plan, dose that belong together
    toy.dose.DoseUnits = "RELATIVE"      # one change
    toy.write(tmp_path)

    grid = lattice("FFDL", shape=(5, 7, 9))
    write(tmp_path, [dose(grid, gray, form="b")])
"""

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds

Field = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

# ImageOrientationPatient as scanners and planning systems write it: patient axes, so that the
# picture is seen from where the machine stands. Feet first there are two ways to write supine.
AXES = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFS": (-1, 0, 0, 0, 1, 0),
    "FFP": (1, 0, 0, 0, -1, 0),
    "HFDL": (0, -1, 0, 1, 0, 0),
    "HFDR": (0, 1, 0, -1, 0, 0),
    "FFDL": (0, 1, 0, 1, 0, 0),
    "FFDR": (0, -1, 0, -1, 0, 0),
}
CLASSES = {
    "CT": "2", "MR": "4", "PT": "128", "RTDOSE": "481.2", "RTSTRUCT": "481.3", "RTPLAN": "481.5",
    "REG": "66.1",
}  # fmt: skip


def uid(*parts: int) -> str:
    """A UID under a root of our own."""
    return ".".join(["1.2.826.0.1.3680043.10.999", *map(str, parts)])


FRAME, OTHER_FRAME = uid(1, 1001), uid(1, 1002)


def hounsfield(x, y, z):
    """CT values: linear, another slope along each axis, so that no exchange goes unseen."""
    return 2.0 * x - 3.0 * y + 5.0 * z + 40.0


def gray(x, y, z):
    """Dose in Gy: linear, positive within 150 mm of the origin."""
    return 60.0 + 0.05 * x - 0.11 * y + 0.23 * z


def ds(values: Iterable[float]) -> list[str]:
    """Return decimal strings of at most 16 characters."""
    return [format_number_as_ds(float(value)) for value in values]


@dataclass(frozen=True)
class Lattice:
    """Where the voxel centres lie."""

    six: tuple[float, ...]  # ImageOrientationPatient
    first_mm: np.ndarray  # first voxel of the plane at offset 0
    spacing_mm: tuple[float, float]  # of rows, of columns: the order of PixelSpacing
    offsets_mm: np.ndarray  # of each plane from `first_mm` along `way`; any order
    size: tuple[int, int]  # rows, columns
    way: np.ndarray  # from plane to plane: the normal unless the gantry was tilted

    def planes_mm(self) -> np.ndarray:
        """First voxel of each plane: (n, 3)."""
        return self.first_mm + np.outer(self.offsets_mm, self.way)

    def points_mm(self) -> np.ndarray:
        """Every voxel centre: (planes, rows, columns, 3)."""
        rows, columns = (
            np.arange(n) * mm for n, mm in zip(self.size, self.spacing_mm, strict=True)
        )
        six = np.array(self.six, dtype=float)
        within = rows[:, None, None] * six[3:] + columns[None, :, None] * six[:3]
        return self.planes_mm()[:, None, None, :] + within

    def some_points(self, count: int = 60, seed: int = 1) -> np.ndarray:
        """Points between the outermost voxel centres, the corners among them: (n, 3)."""
        ends = self.points_mm()[[0, -1]][:, [0, -1]][:, :, [0, -1]].reshape(8, 3)
        weights = np.random.default_rng(seed).dirichlet(np.full(8, 0.5), count)
        return np.concatenate([ends, weights @ ends])

    def values(self, of: Field) -> np.ndarray:
        """f at every voxel: (planes, rows, columns)."""
        return np.asarray(of(*np.moveaxis(self.points_mm(), -1, 0)), dtype=float)

    def with_offsets(self, offsets_mm: Iterable[float]) -> "Lattice":
        """The same with other planes."""
        return replace(self, offsets_mm=np.array(list(offsets_mm), dtype=float))

    def turned_round(self) -> "Lattice":
        """The same voxels with the planes in the other order: offsets fall from 0."""
        last = self.offsets_mm[-1]
        other = replace(self, first_mm=self.first_mm + last * self.way)
        return other.with_offsets((self.offsets_mm - last)[::-1])


def lattice(
    position: str = "HFS", *, shape=(5, 7, 9), spacing=(3.0, 2.5, 2.0), centre=(0, 0, 0),
    six=None, way=None,
) -> Lattice:  # fmt: skip
    """Voxels around `centre`: shape and spacing are of planes, rows, columns.

    `six` overrides the axes of the patient position; `way` is where the next plane lies.
    """
    axes = tuple(AXES[position] if six is None else six)
    right, down = np.array(axes, dtype=float).reshape(2, 3)
    on = np.cross(right, down) if way is None else np.array(way, dtype=float)
    middle = (np.array(shape) - 1) / 2 * np.array(spacing)
    first = np.array(centre) - middle[0] * on - middle[1] * down - middle[2] * right
    offsets = np.arange(shape[0]) * spacing[0]
    # Positions are written with 6 decimals, as decimal strings hold them: truth starts there.
    return Lattice(axes, first.round(6), tuple(spacing[1:]), offsets, tuple(shape[1:]), on)


def tilted(degrees: float) -> tuple[float, ...]:
    """Axes of a transverse slice with the gantry tilted about the patient's left-right axis."""
    angle = math.radians(degrees)
    return (1.0, 0.0, 0.0, 0.0, round(math.cos(angle), 12), round(-math.sin(angle), 12))


def _object(modality: str, number: int, frame: str = FRAME) -> Dataset:
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1." + CLASSES[modality]
    data.SOPInstanceUID = uid(5, number)
    data.Modality = modality
    data.PatientID, data.PatientName, data.PatientBirthDate = "TOY1", "Toy^Test", "19500102"
    data.StudyInstanceUID, data.SeriesInstanceUID = uid(2), uid(3, number)
    data.Manufacturer = "dicom_maker"
    if frame:
        data.FrameOfReferenceUID = frame
    return data


def _pixels(data: Dataset, stored: np.ndarray, bits: int, *, signed: bool) -> None:
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = stored.shape[-2:]
    data.BitsAllocated = stored.dtype.itemsize * 8
    data.BitsStored, data.HighBit = bits, bits - 1
    data.PixelRepresentation = int(signed)
    data.add_new("PixelData", "OW", stored.tobytes())


def _place(data: Dataset, grid: Lattice, first_mm: np.ndarray) -> None:
    data.ImageOrientationPatient = ds(grid.six)
    data.ImagePositionPatient = ds(first_mm)
    data.PixelSpacing = ds(grid.spacing_mm)


def images(
    grid: Lattice, of: Field = hounsfield, *, modality="CT", position="HFS", bits=16, signed=True,
    slope=1.0, intercept=0.0, overlay=0, number=100, frame=FRAME,
) -> list[Dataset]:  # fmt: skip
    """One image object per plane; f is what the values are after slope and intercept.

    `bits` are stored of 16 allocated, `overlay` fills those above, as old scanners do. `slope`
    may be one per plane (PET) or None (no rescaling written). `number` names SOPs and series.
    """
    values, made = grid.values(of), []
    slopes = np.broadcast_to(1.0 if slope is None else slope, len(values))
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    for place, (plane, first_mm) in enumerate(zip(values, grid.planes_mm(), strict=True)):
        stored = np.round((plane - intercept) / slopes[place]).astype(np.int64)
        if stored.min() < low or stored.max() > high:
            raise ValueError(f"f does not fit into {bits} bits: {stored.min()} to {stored.max()}")
        stored = (stored & ((1 << bits) - 1)) | overlay << bits if overlay else stored
        data = _object(modality, number + place, frame)
        data.SeriesInstanceUID, data.InstanceNumber = uid(3, number), place + 1
        data.PatientPosition, data.SliceThickness = position, "3"
        _place(data, grid, first_mm)
        if slope is not None:
            data.RescaleSlope, data.RescaleIntercept = ds([slopes[place], intercept])
        if modality == "PT":
            data.Units = "BQML"
        _pixels(data, (stored & 0xFFFF).astype("<u2"), bits, signed=signed)
        made.append(data)
    return made


def dose(
    grid: Lattice, of: Field = gray, *, form="a", bits=32, scaling=None, summation="PLAN",
    beam=None, plan=None, structures=None, number=50, frame=FRAME,
) -> Dataset:  # fmt: skip
    """One RT Dose of all planes in the order of the grid's offsets.

    `form` of GridFrameOffsetVector: "a" from 0, "b" the patient z of each plane. `scaling` is
    1e-6 for 32 bits, 2e-3 for 16 bits unless given.
    """
    data = _object("RTDOSE", number, frame)
    first_mm = grid.planes_mm()[0]
    _place(data, grid, first_mm)
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", summation
    step = scaling or (1e-6 if bits == 32 else 2e-3)
    data.DoseGridScaling = ds([step])[0]
    stored = np.round(grid.values(of) / step)
    if stored.min() < 0 or stored.max() >= 1 << bits:
        raise ValueError(f"f does not fit into {bits} bits")
    planes = grid.offsets_mm - grid.offsets_mm[0] if form == "a" else grid.planes_mm()[:, 2]
    if len(planes) > 1:
        data.NumberOfFrames, data.FrameIncrementPointer = len(planes), 0x3004000C
        data.GridFrameOffsetVector = ds(planes)
    _pixels(data, stored.astype(f"<u{bits // 8}"), bits, signed=False)
    if plan is not None:
        refer(data, "ReferencedRTPlanSequence", plan)
        if beam is not None:
            group = item(ReferencedBeamSequence=[item(ReferencedBeamNumber=beam)])
            data.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [group]
    if structures is not None:
        refer(data, "ReferencedStructureSetSequence", structures)
    return data


def dose_planes(grid: Lattice, of: Field = gray, **options: object) -> list[Dataset]:
    """The same dose as one object per plane, all of one series."""
    made = []
    for place, offset in enumerate(grid.offsets_mm):
        made.append(dose(grid.with_offsets([offset]), of, number=500 + place, **options))
        made[-1].SeriesInstanceUID = uid(3, 500)
    return made


def item(**values: object) -> Dataset:
    """One item of a sequence."""
    data = Dataset()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return data


def refer(data: Dataset, keyword: str, *others: Dataset) -> None:
    """Let a sequence of `data` refer to other objects."""
    references = [item(ReferencedSOPInstanceUID=other.SOPInstanceUID) for other in others]
    setattr(data, keyword, references)


def square(centre: Sequence[float], half_mm: float = 6.0) -> np.ndarray:
    """Corners of a transverse square: (4, 3)."""
    x, y, z = centre
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return np.array([(x + dx * half_mm, y + dy * half_mm, z) for dx, dy in signs])


def structure_set(
    contours: dict[str, Sequence[np.ndarray]], on: Sequence[Dataset], *, number=20, frame=FRAME
) -> Dataset:
    """A structure set: name to contours of patient points, drawn on the nearest image of `on`."""
    data = _object("RTSTRUCT", number, frame)
    data.StructureSetLabel = "Toy structures"
    data.StructureSetROISequence, data.ROIContourSequence = [], []
    data.RTROIObservationsSequence = []
    heights = np.array([float(image.ImagePositionPatient[2]) for image in on])
    for place, (name, own) in enumerate(contours.items(), start=1):
        roi = item(ROINumber=place, ReferencedFrameOfReferenceUID=frame, ROIName=name)
        data.StructureSetROISequence.append(roi)
        kind = {"BODY": "EXTERNAL", "PTV": "PTV"}.get(name, "ORGAN")
        seen = item(ReferencedROINumber=place, RTROIInterpretedType=kind)
        data.RTROIObservationsSequence.append(seen)
        drawn = []
        for points in own:
            one = item(ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=len(points))
            one.ContourData = ds(np.ravel(points))
            if len(on):
                nearest = on[int(np.abs(heights - points[0][2]).argmin())]
                refer(one, "ContourImageSequence", nearest)
            drawn.append(one)
        entry = item(ReferencedROINumber=place, ROIDisplayColor=[255, 40 * place % 256, 0])
        if drawn:
            entry.ContourSequence = drawn
        data.ROIContourSequence.append(entry)
    if len(on):
        series = item(SeriesInstanceUID=on[0].SeriesInstanceUID)
        refer(series, "ContourImageSequence", *on)
        study = item(RTReferencedSeriesSequence=[series], ReferencedSOPInstanceUID=uid(2))
        entry = item(FrameOfReferenceUID=frame, RTReferencedStudySequence=[study])
        data.ReferencedFrameOfReferenceSequence = [entry]
    return data


def plan(
    structures: Dataset | None = None, *, beams=(1, 2), isocentre=(0, 0, 0), position="HFS",
    number=30, frame=FRAME,
) -> Dataset:  # fmt: skip
    """A plan of open static fields, 100 MU each, gantry 40 degrees further with each beam."""
    data = _object("RTPLAN", number, frame)
    data.RTPlanLabel, data.RTPlanGeometry = "Toyplan", "PATIENT"
    data.PatientSetupSequence = [item(PatientPosition=position)]
    data.DoseReferenceSequence = [item(DoseReferenceType="TARGET", TargetPrescriptionDose="60")]
    given = [item(ReferencedBeamNumber=one, BeamMeterset="100", BeamDose="1") for one in beams]
    group = item(NumberOfFractionsPlanned=30, ReferencedBeamSequence=given)
    data.FractionGroupSequence = [group]
    data.BeamSequence = [_beam(one, isocentre) for one in beams]
    if structures is not None:
        refer(data, "ReferencedStructureSetSequence", structures)
    return data


def _beam(number: int, isocentre: Sequence[float]) -> Dataset:
    open_mm = ds([-50, 50])
    jaws = [item(RTBeamLimitingDeviceType=k, LeafJawPositions=open_mm) for k in ("ASYMX", "ASYMY")]
    start = item(
        ControlPointIndex=0, CumulativeMetersetWeight="0", NominalBeamEnergy="6",
        GantryAngle=str(40 * number), GantryRotationDirection="NONE", BeamLimitingDeviceAngle="0",
        PatientSupportAngle="0", IsocenterPosition=ds(isocentre),
        BeamLimitingDevicePositionSequence=jaws,
    )  # fmt: skip
    end = item(ControlPointIndex=1, CumulativeMetersetWeight="1")
    return item(
        BeamNumber=number, BeamName=f"Field {number}", BeamType="STATIC", RadiationType="PHOTON",
        TreatmentDeliveryType="TREATMENT", TreatmentMachineName="TOY", SourceAxisDistance="1000",
        FinalCumulativeMetersetWeight="1", NumberOfControlPoints=2,
        ControlPointSequence=[start, end],
    )  # fmt: skip


def registration(from_frame: str, to_frame: str, matrix: np.ndarray, number: int = 40) -> Dataset:
    """A spatial registration: new = matrix @ (x, y, z, 1)."""
    data = _object("REG", number, to_frame)
    one = item(FrameOfReferenceTransformationMatrixType="RIGID")
    one.FrameOfReferenceTransformationMatrix = ds(np.ravel(matrix))
    group = item(MatrixSequence=[one])
    entry = item(FrameOfReferenceUID=from_frame, MatrixRegistrationSequence=[group])
    data.RegistrationSequence = [entry]
    return data


@dataclass
class ToySet:
    """Objects that belong together; change or drop one (None), then write."""

    images: list[Dataset]
    structures: Dataset | None
    plan: Dataset | None
    dose: Dataset | None
    more: list[Dataset] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        """Write all to a folder and return it."""
        maybe = (self.structures, self.plan, self.dose)
        write(folder, [*self.images, *(one for one in maybe if one is not None), *self.more])
        return folder


CONTOURS = {
    "BODY": [square((0, 0, z), 20.0) for z in range(-9, 10, 3)],
    "PTV": [square((2, -3, z), 6.0) for z in (-3, 0, 3)],
}


def clean_set(contours: dict[str, Sequence[np.ndarray]] | None = None) -> ToySet:
    """CT of 9 slices at z = -12, -9 ... 12 mm, two structures, a plan of two beams, its dose."""
    slices = images(lattice(shape=(9, 21, 21), spacing=(3.0, 3.0, 3.0)))
    drawn = structure_set(CONTOURS if contours is None else contours, slices)
    planned, grid = plan(drawn), lattice(shape=(9, 13, 13), spacing=(3.0, 4.0, 4.0))
    return ToySet(slices, drawn, planned, dose(grid, plan=planned, structures=drawn))


def write(
    folder: Path, objects: Iterable[Dataset], *, syntax=ExplicitVRLittleEndian, preamble=True,
    names: Iterable[str] = (),
) -> list[Path]:  # fmt: skip
    """Write files of a transfer syntax (RLE too); without `preamble`, the bare data set."""
    folder.mkdir(parents=True, exist_ok=True)
    given, files = list(names), []
    for place, data in enumerate(deepcopy(list(objects))):
        files.append(folder / (given[place] if given else f"{data.Modality}{place:03d}.dcm"))
        _write_one(files[-1], data, UID(syntax), preamble=preamble)
    return files


def _write_one(path: Path, data: Dataset, syntax: UID, *, preamble: bool) -> None:
    little = syntax.is_little_endian
    if not little and "PixelData" in data:
        kind = f"u{data.BitsAllocated // 8}"
        swapped = np.frombuffer(data.PixelData, dtype=f"<{kind}").astype(f">{kind}")
        data.PixelData = swapped.tobytes()
    if not preamble:
        pydicom.dcmwrite(path, data, implicit_vr=syntax.is_implicit_VR, little_endian=little)
        return
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax.is_compressed else syntax
    if syntax.is_compressed:
        data.compress(syntax, generate_instance_uid=False)
    pydicom.dcmwrite(path, data, enforce_file_format=True)
