"""What a Pinnacle machine file says about angles, jaws, leaves and MU.

Only scales that were proven on real plans or on which independent readers agree are brought to
IEC 61217; of any other machine the value is not shown, with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.viewer.pinnacle_space import MM_PER_CM
from app.viewer.pinnacle_text import Block
from core.dicom.plan import LeafBank
from core.dose.geometry import Floats

# (TwelveOClockAngle, ClockwiseIncreases) of the scales that are known.
GANTRY, COUCH, COLLIMATOR = (0.0, 0.0), (0.0, 1.0), (180.0, 1.0)
JAWS = {"Left": "X1", "Right": "X2", "Top": "Y2", "Bottom": "Y1"}
LEAVES_TOUCH_CM = 0.01
ENERGY_LISTS = {"photons": "PhotonEnergyList", "electrons": "ElectronEnergyList"}


@dataclass(frozen=True, eq=False, slots=True)
class Machine:
    """A machine of the plan, and how sure it is that a beam's is this one.

    Attributes:
        block: The machine's own block; an empty one when it is not here.
        note: What is odd about the choice; empty when nothing is.

    """

    block: Block
    note: str

    @property
    def source_axis_mm(self) -> float | None:
        """Distance from the source to the axis; None when not told."""
        value = self.block.number("SAD")
        return None if value is None else value * MM_PER_CM

    def gantry_deg(self, value: float | None) -> float | None:
        """Return a gantry angle in IEC; None on a scale that is not known."""
        return self._angle("GantryAngle", GANTRY, 1, value)

    def couch_deg(self, value: float | None) -> float | None:
        """Return a couch angle in IEC, which runs against this scale; None when not known."""
        return self._angle("CouchAngle", COUCH, -1, value)

    def collimator_deg(self, value: float | None) -> float | None:
        """Return a collimator angle in IEC; None on a scale that is not known."""
        return self._angle("CollimatorAngle", COLLIMATOR, 1, value)

    def _angle(
        self, name: str, known: tuple[float, float], sign: int, value: float | None
    ) -> float | None:
        return (sign * value) % 360 if value is not None and self._scale(name) == known else None

    def _scale(self, name: str) -> tuple[float | None, float | None]:
        angle = self.block.block(name)
        return angle.number("TwelveOClockAngle"), angle.number("ClockwiseIncreases")

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return what of this machine is not shown because its scale is not known."""
        known = {"GantryAngle": GANTRY, "CouchAngle": COUCH, "CollimatorAngle": COLLIMATOR}
        words = [name for name, scale in known.items() if self._scale(name) != scale]
        return (*words, *(() if self.has_known_jaws else ("jaws and leaves",)))

    @property
    def has_known_jaws(self) -> bool:
        """Whether jaws are named and turned as on the machines that were examined."""
        told = self.block.block("ConfigRV")
        for side, name in JAWS.items():
            for word in (told.text(f"{side}Jaw"), self.block.text(f"{side}JawName")):
                if word.strip("- ") not in ("", name):
                    return False
        return self._scale("CollimatorAngle") == COLLIMATOR

    def leaf_bank(self) -> LeafBank | None:
        """Return the leaf boundaries in IEC order; None when leaves are not known.

        Pinnacle's first pair has the lowest own Y, which is the highest IEC Y.
        """
        multileaf = self.block.block("MultiLeaf")
        pairs = multileaf.block("LeafPairList").blocks("MLCLeafPair")
        told = [(one.number("YCenterPosition"), one.number("Width")) for one in pairs]
        places = [(y, w) for y, w in told if y is not None and w is not None]
        across = multileaf.number("AlignedWithLeftRightJaw") == 0
        if not places or len(places) != len(told) or across or not self.has_known_jaws:
            return None
        low = np.array([-y - w / 2 for y, w in reversed(places)])
        high = np.array([-y + w / 2 for y, w in reversed(places)])
        if np.abs(high[:-1] - low[1:]).max(initial=0.0) > LEAVES_TOUCH_CM:
            return None
        return LeafBank("MLCX", np.append(low, high[-1]) * MM_PER_CM)

    def leaves_mm(self, rows_cm: Floats) -> Floats:
        """Return leaf positions in IEC order, first bank then second.

        Args:
            rows_cm: Both positions of each pair in Pinnacle's order; outward is positive.

        """
        pairs = rows_cm.reshape(-1, 2)[::-1] * MM_PER_CM
        return np.concatenate([-pairs[:, 0], pairs[:, 1]]) + 0.0

    def dose_per_mu(self, modality: str, energy: str) -> float | None:
        """Return DosePerMuAtCalibration in cGy/MU; None when the energy is not told once."""
        name = ENERGY_LISTS.get(modality.casefold(), "")
        found = [
            one.block("PhysicsData").block("OutputFactor").number("DosePerMuAtCalibration")
            for one in self.block.block(name).blocks("MachineEnergy")
            if one.text("Name").casefold() == energy.casefold()
        ]
        return found[0] if len(found) == 1 else None


def machine_of(beam: Block, machines: Sequence[Block]) -> Machine:
    """Return the machine of a beam, by name and version, else by name, else the only one."""
    wanted = beam.text("MachineNameAndVersion")
    for one in machines:
        if f"{one.text('Name')}: {one.text('VersionTimestamp')}" == wanted:
            return Machine(one, "")
    name = wanted.split(": ")[0]
    same = [one for one in machines if one.text("Name") == name]
    if len(same) == 1:
        return Machine(same[0], f"not here as '{wanted}'; its other version is taken")
    if len(machines) == 1:
        only = machines[0].text("Name")
        return Machine(machines[0], f"not in the plan; its only machine, {only}, is taken")
    return Machine(Block(), "not in plan.Pinnacle.Machines; angles, jaws and leaves are not shown")
