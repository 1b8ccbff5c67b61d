"""A small Pinnacle plan folder made by the tests, all values known."""

import struct


def block(name, *lines):
    """Return a Pinnacle object; lines are indented as Pinnacle does."""
    inner = "".join(f"  {part}\n" for line in lines for part in line.splitlines())
    return f"{name} ={{\n{inner}}};\n"


def values(**given):
    """Return scalar lines: text quoted, numbers bare, references as they are."""
    words = []
    for name, value in given.items():
        text = str(value)
        bare = not isinstance(value, str) or text.startswith("\\XDR")
        words.append(f"{name} = {text};" if bare else f'{name} = "{text}";')
    return "\n".join(words)


def machine_text(
    *,
    decimals=1,
    gantry=(0, 0),
    couch=(0, 1),
    collimator=(180, 1),
    jaws=("X1", "X2", "Y2", "-Y1"),
    rows=(-3, -1, 1, 3),
    name="Demo",
):
    """Return plan.Pinnacle.Machines of one machine with four leaf pairs."""
    scales = {"GantryAngle": gantry, "CouchAngle": couch, "CollimatorAngle": collimator}
    left, right, top, bottom = jaws
    return block(
        "#0",
        values(Name=name, VersionTimestamp="2024-01-01 08:00:00", SAD=100),
        values(MonitorUnitDecimalPlaces=decimals),
        *(
            block(key, values(TwelveOClockAngle=zero, ClockwiseIncreases=clockwise))
            for key, (zero, clockwise) in scales.items()
        ),
        block("ConfigRV", values(LeftJaw=left, RightJaw=right, TopJaw=top, BottomJaw=bottom)),
        block(
            "MultiLeaf",
            values(AlignedWithLeftRightJaw=1),
            block(
                "LeafPairList", *(block("MLCLeafPair", values(YCenterPosition=y)) for y in rows)
            ),
        ),
        block(
            "ElectronApplicatorList",
            block("ElectronApplicator", values(Name="10x10 cone", ManufacturerCode="A10")),
        ),
        block(
            "WedgeList",
            block(
                "Wedge",
                values(Name="30 Degree", NominalAngle=30, IsDynamic=0, LeftToRightCode="30LEFT"),
            ),
            block(
                "Wedge",
                values(Name="Dynamic", NominalAngle=0, IsDynamic=1, TopToBottomCode="ED%-Y2"),
            ),
        ),
        energies("PhotonEnergyList", ("6X", 0.8), ("18X", 0.9)),
        energies("ElectronEnergyList", ("12e", 1)),
    )


def energies(name, *pairs):
    """Return a list of energies with their calibration in cGy per MU."""
    return block(
        name,
        *(
            block(
                "MachineEnergy",
                values(Name=energy),
                block("PhysicsData", block("OutputFactor", values(DosePerMuAtCalibration=dose))),
            )
            for energy, dose in pairs
        ),
    )


LEAVES = ((4, 1), (3, 2.5), (-0.5, 3), (1, 1.25))


def segment(
    number, weight, *, gantry=120, couch=10, collimator=0, wedge=None, leaves=LEAVES, modifiers=""
):
    """Return one control point; jaws left 4.2, right 8.2, top 8.5, bottom 9."""
    name, way, angle = wedge or ("No Wedge", "NoWedge", "No Wedge")
    points = "Points[] ={\n" + ",\n".join(f"{a},{b}" for a, b in leaves) + "\n};"
    return block(
        f"#{number}",
        values(Gantry=gantry, Couch=couch, Collimator=collimator),
        block("WedgeContext", values(WedgeName=name, Orientation=way, Angle=angle)),
        values(LeftJawPosition=4.2, RightJawPosition=8.2),
        values(TopJawPosition=8.5, BottomJawPosition=9),
        block("ModifierList", modifiers),
        block(
            "MLCLeafPositions",
            block("RawData", values(NumberOfDimensions=2, NumberOfPoints=len(leaves)), points),
        ),
        values(Weight=weight),
    )


def beam_text(segments, *, kind="Step & Shoot MLC", dose=80, xdr=2, wrapped=True, **changes):
    """Return one beam; `changes` replace or add scalars of the beam."""
    scalars = {
        "Name": "AP; with = and {",
        "IsocenterName": "Iso",
        "PrescriptionName": "Pelvis",
        "UsePoiForPrescriptionPoint": 1,
        "PrescriptionPointName": "calc",
        "MachineNameAndVersion": "Demo: 2024-01-01 08:00:00",
        "Modality": "Photons",
        "MachineEnergyName": "6X",
        "SetBeamType": kind,
        "UseMLC": 1,
        "ElectronApplicatorName": "None",
        "SSD": 91.8093,
        "SSDValid": 1,
        "MonitorUnitsValid": 1,
        "FieldID": "01",
        "DoseRate": 400,
        "DoseVolume": f"\\XDR:{xdr}\\",
    } | changes
    inner = (
        values(NumberOfControlPoints=len(segments), GantryIsCCW=0),
        block("ControlPointList", *segments),
    )
    manager = (block("CPManagerObject", *inner),) if wrapped else inner
    return block(
        "Beam",
        values(**scalars),
        block("CPManager", *manager),
        block("Bolus", values(Type="No bolus", Thickness=2)),
        block(
            "MonitorUnitInfo",
            values(PrescriptionDose=dose, NormalizedDose=0.625, CollimatorOutputFactor=1),
            values(TotalTransmissionFraction=1),
        ),
        values(Weight=40),
    )


def trial_text(*beams, name="Trial_1", chosen=1, percent=100, period="Per Fraction", dose=200):
    """Return a trial with one prescription over a dose grid of 4 x 3 x 2 voxels."""
    return block(
        "Trial",
        values(Name=name),
        "DoseGrid .VoxelSize .X = 1;\nDoseGrid .VoxelSize .Y = 2;\nDoseGrid .VoxelSize .Z = 3;",
        "DoseGrid .Dimension .X = 4;\nDoseGrid .Dimension .Y = 3;\nDoseGrid .Dimension .Z = 2;",
        "DoseGrid .Origin .X = -1;\nDoseGrid .Origin .Y = -2;\nDoseGrid .Origin .Z = 1;",
        block(
            "PrescriptionList",
            block(
                "Prescription",
                values(Name="Pelvis", PrescriptionDose=dose, PrescriptionPercent=percent),
                values(NumberOfFractions=25, PrescriptionPeriod=period),
            ),
        ),
        block("BeamList", *beams),
        values(UseTrialForTreatment=chosen, CourseID=1, ToleranceTable=0),
    )


def dose_at(x, y, z):
    """Return the made-up dose in cGy per MU: linear, so that interpolation is exact."""
    return 1 + 0.25 * x + 0.125 * y - 0.0625 * z


def dose_bytes(value=dose_at):
    """Return a dose file for the grid of `trial_text`."""
    return b"".join(
        struct.pack(">f", value(-1 + i, -2 + 2 * j, 1 + 3 * k))
        for k in range(2)
        for j in reversed(range(3))
        for i in range(4)
    )


POINTS = "".join(
    block("Poi", values(Name=name, XCoord=x, YCoord=y, ZCoord=z))
    for name, x, y, z in (("iso", 1.25, -2, 3), ("Calc", 0.5, 1, 2))
)
SETUP = values(Position="On back (supine)", Orientation="Head First Into Scanner")
PERSON = "\n".join(
    (
        values(LastName="DEMO", FirstName="ANNA", MiddleName="", MedicalRecordNumber="D-0017"),
        block(
            "PlanList",
            block("Plan", values(PlanID=0, PlanName="PELVIS", PrimaryCTImageSetID=0)),
        ),
    )
)


def write_pinnacle(root, trials, *, machine=None, doses=(2,), dicom_frame=1):
    """Write a patient with one plan folder below `root` and return the plan folder."""
    folder = root / "Patient_1" / "Plan_0"
    folder.mkdir(parents=True)
    files = {
        "../Patient": PERSON,
        "plan.Trial": trials,
        "plan.Pinnacle.Machines": machine or machine_text(),
        "plan.Points": POINTS,
        "plan.PatientSetup": SETUP,
        "plan.Pinnacle": values(StartWithDICOM=dicom_frame),
    }
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("latin-1") + b"\n\n/* \xe9\x07 */\n")
    for number in doses:
        (folder / f"plan.Trial.binary.{number:03d}").write_bytes(dose_bytes())
    return folder


def two_segments():
    """Return the beam most tests read: 0.75 and 0.25 of the MU."""
    other = ((1, 1), (1, 1), (1, 1), (1, 1))
    return beam_text([segment(0, 0.75), segment(1, 0.25, leaves=other)])
