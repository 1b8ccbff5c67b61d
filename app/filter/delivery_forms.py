"""The three ways in which a plan's beam may be delivered otherwise than it is written in the plan.

A form changes how a step-and-shoot beam reaches the machine, never what reaches the patient. The
comparison proves that a difference is exactly such a form and nothing else; whether the form was
wanted only the person who transferred the plan can say. So a form that was declared is a hint, one
that nobody declared is a warning, and whatever goes beyond the form stays an error.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from core.errors import RemedyError
from core.findings import Finding, State

SPLIT = "field per control point"
RESEQUENCED = "resequenced"
OPENED = "open covered leaves"
RULES = {SPLIT: "F-FORM-SPLIT", RESEQUENCED: "F-CMP-ORDER", OPENED: "F-FORM-OPENED"}
"""Every form with the rule of the finding that tells it; L-07, L-09 and L-10."""

FORMS = tuple(RULES)
UNDECLARED = (
    "Ask whoever transferred the plan whether this was wanted; if not, transfer the plan again."
)


def judged(findings: Sequence[Finding], expected: Collection[str]) -> Iterator[Finding]:
    """Return the findings with every form weighed: declared, undeclared, or declared in vain.

    Args:
        findings: Of a comparison.
        expected: The forms that the person who transferred the plan has declared.

    Raises:
        RemedyError: There is no such form.

    """
    for name in expected:
        if name not in RULES:
            raise RemedyError(
                f"there is no form of delivery {name!r}", where="expected",
                remedy=f"Name one of: {', '.join(FORMS)}.",
            )  # fmt: skip
    forms = {rule: form for form, rule in RULES.items()}
    for finding in findings:
        form = forms.get(finding.rule)
        if form is None or form in expected:
            yield finding
        else:
            words = f"{finding.message}; nobody has declared {form!r}"
            yield replace(finding, state=State.WARNING, message=words, remedy=UNDECLARED)
    told = {finding.rule for finding in findings}
    for form, rule in RULES.items():
        if form in expected and rule not in told:
            words = f"{form!r} was declared, but no field of the export shows it"
            yield Finding("F-FORM-NONE", State.INFO, words)
