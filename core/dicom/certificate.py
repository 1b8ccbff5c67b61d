"""The geometry certificate: a fixed list of assertions about a set, each answered on loading.

An assertion that could not be examined says so; it never counts as passed (R-23).
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.dicom import certificate_answers as answers
from core.dicom import certificate_contours as contours
from core.dicom.certificate_answers import Answer
from core.dicom.rt_set import RtSet
from core.findings import State


@dataclass(frozen=True, slots=True)
class Assertion:
    """One line of the certificate.

    Attributes:
        id: Stable identifier, e.g. ``V-CER-FRAME``.
        title: The sentence that must hold.
        state: PASS, INFO, WARNING, ERROR or NOT_RUN.
        details: What was found, one sentence each.

    """

    id: str
    title: str
    state: State
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """All assertions about one set, in the order of the list."""

    assertions: tuple[Assertion, ...]

    @property
    def state(self) -> State:
        """Worst state; what was not examined is worse than a hint."""
        order = list(State)
        return min((one.state for one in self.assertions), key=order.index, default=State.NOT_RUN)

    @property
    def verdict(self) -> str:
        """The one line above the details."""
        count = {state: sum(one.state == state for one in self.assertions) for state in State}
        whole = len(self.assertions)
        if count[State.ERROR]:
            start = f"Geometry is NOT sound: {count[State.ERROR]} of {whole} assertions fail"
        elif count[State.WARNING]:
            start = f"Geometry needs a look: {count[State.WARNING]} of {whole} assertions doubtful"
        else:
            start = f"Geometry is sound: {count[State.PASS] + count[State.INFO]} of {whole} hold"
        missing = count[State.NOT_RUN]
        return f"{start}; {missing} could not be examined" if missing else start

    def to_json(self) -> dict[str, object]:
        """Return the certificate for `eqs certificate --json`."""
        rows = [
            {"id": one.id, "title": one.title, "state": one.state, "details": list(one.details)}
            for one in self.assertions
        ]
        return {"status": self.state, "verdict": self.verdict, "assertions": rows}


def certify(own: RtSet) -> Certificate:
    """Return the certificate of a set."""
    asked = ((key, title, *_with_gaps(own, key, ask(own))) for key, title, ask in ASSERTIONS)
    return Certificate(
        tuple(Assertion(key, title, state, tuple(details)) for key, title, state, details in asked)
    )


def _with_gaps(own: RtSet, key: str, answer: Answer) -> Answer:
    """Return an answer, no longer a pass when a part that it asks about could not be examined."""
    gaps = [
        f"Not checked: {one.name}: {one.why}." for one in own.refused if key in one.leaves_open
    ]
    if not gaps:
        return answer
    state, details = answer
    if state == State.PASS:
        details = [f"Of the rest: {words}" for words in details]
    worst = min(state, State.NOT_RUN, key=list(State).index)
    return worst, [*gaps, *details]


ASSERTIONS: tuple[tuple[str, str, Callable[[RtSet], Answer]], ...] = (
    ("V-CER-PERSON", "All objects are of one person", answers.person),
    ("V-CER-IMAGES", "Images are here", answers.images),
    ("V-CER-SLICES", "No slice is missing, doubled or tilted", answers.slices),
    ("V-CER-POSITION", "The patient position is told and agrees", answers.position),
    ("V-CER-FRAME", "All objects share one frame of reference or are linked", answers.frames),
    ("V-CER-STRUCTURES", "Structures are well formed", contours.structures_sound),
    ("V-CER-ON-SLICE", "Contours lie on slices", contours.contours_on_slices),
    ("V-CER-IN-IMAGE", "Structures lie within the images", contours.contours_in_images),
    ("V-CER-DOSE", "Dose is physical dose of a whole plan in Gy", answers.dose_sound),
    ("V-CER-COVER", "The dose grid covers the structures", contours.dose_covers),
    ("V-CER-ISOCENTRE", "Isocentres lie within the images", answers.isocentres),
    ("V-CER-REFERENCES", "Every object that another refers to is here", answers.references),
    ("V-CER-FILES", "Every file was read", answers.files),
)
