"""Every fault that clinics report is found on real plans, and nothing else is said (R-30).

Faults nobody can see in an export and its plan (images, structures, documents, cone-beam filter,
technique chosen wrongly) stand in the report's list of what was not checked instead.
"""

import pytest

from app.filter.report import compare_report
from core.findings import State
from tests.filter.fault_files import SOURCES, case, export_of, fault_table

FAULTS = {fault.name: fault for fault in fault_table()}
QUIET = (State.PASS, State.NOT_RUN)
TOLD_ON_OPENING = ("F-RV-NOTE", "F-PLAN-NOTE", "F-ID-LETTERS", "F-HINT-SMALL", "F-HINT-SLOW",
                   "F-CMP-BEAM", "F-PLAN-APPROVAL", "F-HINT-ISOCENTRES",
                   "F-HINT-PARKED")  # fmt: skip
# The same error in another element of the same field: both are true, both are told.
BESIDE = {
    "energy wrong": {"modality"},
    "gantry angle wrong": {"arc_start_angle"},
    "modality of a field wrong": {"energy", "e_applicator"},
    "fractions changed in the R&V system only": {"dose_tx"},
}


@pytest.fixture(scope="module")
def cases(shared_data):
    return {name: case(name, shared_data) for name in SOURCES}


def told(tmp_path, one, lines):
    """Return the items of a report and their states, hints on the plan as such left out."""
    path = tmp_path / "export.rtp"
    path.write_bytes(export_of(lines))
    report = compare_report(path, one.source)
    return [
        ("mlc" if found.item.startswith("mlc_") else found.item, found.state)
        for found in report.findings
        if found.state not in QUIET
        and not (found.state == State.INFO and found.rule in TOLD_ON_OPENING)
    ]


@pytest.mark.req("R-30")
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("name", SOURCES)
def test_that_the_clean_export_of_a_real_plan_has_no_finding(cases, tmp_path, name):
    assert told(tmp_path, cases[name], cases[name].lines) == []


@pytest.mark.req("R-30", "R-04", "R-08", "R-09", "R-11", "R-14", "R-22")
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("fault", FAULTS)
def test_that_a_reported_fault_is_found_on_every_real_plan_that_can_show_it(
    cases, tmp_path, fault
):
    row = FAULTS[fault]
    cells, wrong = [], []
    for name, one in cases.items():
        lines = row.spoil(one)
        if lines is None:
            cells.append("-")
            continue
        found = told(tmp_path, one, lines)
        items = {item for item, _ in found}
        worst = min((state for _, state in found), key=list(State).index, default=State.PASS)
        good = (
            items
            and items & set(row.items)
            and items <= {*row.items, *BESIDE.get(fault, ())}
            and worst in row.states
        )
        cells.append("found" if good else "WRONG")
        if not good:
            wrong.append((name, sorted(items), worst))
    print(f"{row.source} {fault:48} {' '.join(f'{cell:6}' for cell in cells)}")
    assert wrong == []
    assert "found" in cells


def test_that_the_library_covers_both_lists_on_at_least_five_plans():
    assert len(SOURCES) >= 5
    assert sum(one.source == "S" for one in FAULTS.values()) >= 15
    assert sum(one.source == "L" for one in FAULTS.values()) >= 8
