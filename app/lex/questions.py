"""Everything LEX asks of the user, one row each, for TREATMENT.toml and the form alike (L-05)."""

from collections.abc import Callable
from dataclasses import dataclass

from app.lex.options import SEGMENT_CHOICES
from app.lex.rv_systems import rv_system_ids
from core.machines import machine_ids


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask, for the file and the form alike.

    Attributes:
        key: Place in TREATMENT.toml; "couch.vertical_cm" stands in the table [couch].
        kind: "whole", "decimal", "text", "choice" or "yes".
        limits: Lowest and highest number, or shortest and longest text.
        choices: What a "choice" may be.

    """

    key: str
    label: str
    kind: str
    unit: str = ""
    required: bool = True
    limits: tuple[float, float] = (0, 0)
    choices: Callable[[], tuple[str, ...]] | None = None
    help: str = ""


_SCALE = "On the scale the R&V system shows; the plan does not know it."
_CM = (-999, 999)
QUESTIONS = (
    Question("course", "course", "whole", limits=(1, 99), help="Course number in the R&V."),
    Question("machine", "machine", "text", limits=(1, 20), help="Its name in the R&V system."),
    Question("machine_type", "machine type", "choice", choices=machine_ids),
    Question("dose_rate_mu_min", "dose rate", "whole", "MU/min", limits=(1, 9999)),
    Question("tolerance_table", "tolerance table", "whole", limits=(0, 99)),
    Question("couch.vertical_cm", "couch vertical", "decimal", "cm", limits=_CM, help=_SCALE),
    Question("couch.lateral_cm", "couch lateral", "decimal", "cm", limits=_CM, help=_SCALE),
    Question(
        "couch.longitudinal_cm", "couch longitudinal", "decimal", "cm", limits=_CM, help=_SCALE
    ),
    Question("gated", "gated", "yes", required=False, help="Every field is delivered gated."),
    Question("rv_system", "R&V system", "choice", required=False, choices=rv_system_ids),
    Question("trial", "trial", "text", required=False, limits=(1, 200)),
    Question("segments", "segments", "choice", required=False, choices=lambda: SEGMENT_CHOICES),
    Question("resequence", "resequence segments", "yes", required=False),
    Question("open_covered_leaves", "open covered leaves", "yes", required=False),
)  # fmt: skip
OF_PRESCRIPTION = (
    Question("id", "name in the R&V", "text", limits=(1, 20)),
    Question("technique", "technique", "text", required=False, limits=(0, 20)),
)
OF_FIELD = (
    Question("id", "field ID", "text", required=False, limits=(1, 5)),
    Question("dose_rate_mu_min", "dose rate", "whole", "MU/min", False, limits=(1, 9999)),
    Question("gated", "gated", "yes", required=False),
)
