"""What is shown and how: one frozen record, changed only by making the next one."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.viewer.slice_picture import Wash, Window
from core.dicom.combine import DIFFERENCE
from core.dicom.dose import Dose
from core.dose.colour_wash import DIFFERENCE_SCALE, Scale, scales

# Isodose lines in percent of the prescription, as treatment planning systems show them first.
USUAL_PERCENTS = (107.0, 105.0, 100.0, 95.0, 90.0, 80.0, 70.0, 50.0, 30.0, 10.0)
# Differences are shown between these percents of the reference dose, and not below the second.
DIFFERENCE_PERCENT, HOLLOW_PERCENT = 10.0, 1.0
DIFFERENCE_LEVELS = (10.0, 5.0, 3.0, -3.0, -5.0, -10.0)
WINDOWS = {
    "Soft tissue": Window(-160.0, 240.0),
    "Lung": Window(-1350.0, 150.0),
    "Bone": Window(-500.0, 1300.0),
    "Brain": Window(0.0, 80.0),
    "Liver": Window(0.0, 200.0),
    "Whole range": Window(-1000.0, 2000.0),
}
# Of images without Hounsfield units: which shares of the values become black and white.
DARKEST, BRIGHTEST = 1.0, 99.5
# Colours of the isodose lines from high to low; the order most systems' users know.
LINE_COLOURS = (
    (255, 0, 255), (255, 60, 60), (255, 160, 0), (255, 230, 0), (120, 230, 0), (0, 210, 120),
    (0, 210, 230), (60, 140, 255), (120, 120, 255), (170, 170, 170),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Display:
    """Settings of all slice views.

    Attributes:
        window: Grey window of the images.
        scale: Colour scale of the wash.
        show_wash: Whether the wash is shown.
        lower_percent: Lower threshold of the wash in percent of the reference dose.
        upper_percent: Upper threshold.
        opacity: Opacity of the wash, 0 to 1.
        hollow_percent: Doses nearer to zero than this are not coloured.
        show_lines: Whether isodose lines are shown.
        levels: Isodose levels, in percent of the reference or in Gy.
        levels_in_gy: Whether the levels are Gy.
        reference_gy: Dose that 100 % stands for.
        reference_words: Where the reference dose comes from, printed on the view.
        hidden: Numbers of the structures that are not shown.
        fill: Opacity of the structures' fill, 0 to 1.
        show_cross: Whether the cross-hair is shown.

    """

    window: Window = WINDOWS["Soft tissue"]
    scale: Scale = scales()[0]
    show_wash: bool = True
    lower_percent: float = 20.0
    upper_percent: float = 110.0
    opacity: float = 0.45
    hollow_percent: float = 0.0
    show_lines: bool = True
    levels: tuple[float, ...] = USUAL_PERCENTS
    levels_in_gy: bool = False
    reference_gy: float = 1.0
    reference_words: str = ""
    hidden: frozenset[int] = frozenset()
    fill: float = 0.0
    show_cross: bool = True

    @property
    def wash(self) -> Wash | None:
        """The wash in Gy; None when it is not shown."""
        if not self.show_wash:
            return None
        lower = self.reference_gy * self.lower_percent / 100
        upper = self.reference_gy * self.upper_percent / 100
        hollow = self.reference_gy * self.hollow_percent / 100
        return Wash(self.scale, lower, upper, self.opacity, hollow)

    @property
    def levels_gy(self) -> tuple[float, ...]:
        """Isodose levels in Gy, highest first; none when lines are not shown."""
        if not self.show_lines:
            return ()
        factor = 1.0 if self.levels_in_gy else self.reference_gy / 100
        return tuple(sorted((level * factor for level in self.levels), reverse=True))

    def for_dose(self, dose: Dose | None) -> "Display":
        """Return the settings for a dose: a difference has a scale of its own, around zero."""
        if dose is None or dose.summation != DIFFERENCE:
            return self
        return replace(
            self,
            scale=DIFFERENCE_SCALE,
            lower_percent=-DIFFERENCE_PERCENT,
            upper_percent=DIFFERENCE_PERCENT,
            hollow_percent=HOLLOW_PERCENT,
            levels=DIFFERENCE_LEVELS,
            levels_in_gy=False,
        )

    def line_colour(self, number: int) -> tuple[int, int, int]:
        """Return the colour of the n-th line from the highest."""
        return LINE_COLOURS[number % len(LINE_COLOURS)]

    def level_words(self, level_gy: float) -> str:
        """Return a level as the user entered it."""
        if self.levels_in_gy:
            return f"{level_gy:g} Gy"
        return f"{level_gy / self.reference_gy * 100:g} %" if self.reference_gy else ""


def usual_window(modality: str, values: npt.NDArray[Any]) -> Window:
    """Return the window to begin with: soft tissue for CT, else nearly the whole range."""
    if modality == "CT":
        return WINDOWS["Soft tissue"]
    some = values.reshape(-1)[:: max(values.size // 200_000, 1)]
    low, high = (float(one) for one in np.percentile(some, (DARKEST, BRIGHTEST)))
    return Window(low, high if high > low else low + 1.0)
