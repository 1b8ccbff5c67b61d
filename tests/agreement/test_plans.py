"""Double entry: LEX and RTP-Filter read every plan by different means and agree in numbers."""

import pytest

from app.filter.plan_source import read_plan_source
from app.lex.sources import open_source
from core.errors import RemedyError
from tests.agreement.plan_differences import differences

# LEX refuses what it cannot write; the Filter may still read it. Word of LEX's refusal and reason.
LEX_ONLY = {
    "second leaf layer": "RTP-Connect has no place for a second layer",
    "no FractionGroupSequence": "no MU to write; the Filter lists MU as not checked",
}
PINNACLE = (
    "patient_6204/Plan_0",
    "patient_6204/Plan_1",
    "institution_01/Institution_1/Mount_0/Patient_1/Plan_0",
)


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
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_that_both_channels_agree_on_every_real_dicom_plan(real_dicom_plans):
    disagreements, one_sided, opened = {}, {}, 0
    for path in real_dicom_plans:
        lex, checker = both(path)
        refused = [isinstance(answer, RemedyError) for answer in (lex, checker)]
        if not any(refused):
            opened += 1
            if found := differences(lex[0], checker):
                disagreements[path.name] = found[:5]
        elif not all(refused) and not (refused[0] and any(word in str(lex) for word in LEX_ONLY)):
            one_sided[path.name] = (str(lex), str(checker))
    assert disagreements == {}
    assert one_sided == {}
    assert opened > 35


@pytest.mark.req("R-01", "R-04")
@pytest.mark.parametrize("folder", PINNACLE)
def test_that_both_channels_agree_on_every_real_pinnacle_plan(shared_data, folder):
    path = shared_data / "pinnacle" / folder
    lex, checker = both(path)
    assert differences(lex[0], checker) == []
