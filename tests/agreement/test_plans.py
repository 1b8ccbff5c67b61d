"""Double entry: LEX and RTP-Filter read every plan by different means, and agree on every number."""

import pytest

from app.filter.plan_source import read_plan_source
from app.lex.sources import open_source
from core.errors import RemedyError
from tests.agreement.plan_differences import differences

# Plans that one channel refuses on purpose and the other may read, with the reason.
ONE_SIDED = {
    "two leaf layers": "RTP-Connect has no place for a second layer: LEX refuses, the Filter reads",
}


def both(path):
    """Read by both channels; a refusal is returned as the error."""
    answers = []
    for read in (lambda: open_source(path).trials, lambda: read_plan_source(path)):
        try:
            answers.append(read())
        except RemedyError as refusal:
            answers.append(refusal)
    return answers


@pytest.mark.req("R-01", "R-04")
def test_that_both_channels_agree_on_every_real_dicom_plan(real_dicom_plans):
    disagreements, refused = {}, {}
    for path in real_dicom_plans:
        lex, checker = both(path)
        if isinstance(lex, RemedyError) or isinstance(checker, RemedyError):
            refused[path.name] = (lex, checker)
            continue
        found = differences(lex[0], checker)
        if found:
            disagreements[path.name] = found[:5]
    assert disagreements == {}
    for name, (lex, checker) in refused.items():
        print(f"{name}\n   LEX: {lex}\n   Filter: {checker}")
        one_sided = isinstance(lex, RemedyError) != isinstance(checker, RemedyError)
        assert not one_sided or "layer" in str(lex), (name, lex, checker)
