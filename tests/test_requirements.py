"""The matrix requirement -> tests; `pytest tests/test_requirements.py -s` prints it."""

import re
import subprocess
import sys

from installer.trace import CHECKOUT, matrix, requirements, results, rows_with

ID = re.compile(r"[LROY]-\d{2}")


# What the present version builds; later versions add rows, none may lose its proof.
BUILT = {
    *(f"L-{number:02d}" for number in range(1, 27)),
    *(f"R-{number:02d}" for number in range(1, 18)), *(f"R-{number}" for number in range(19, 32)),
    "O-01", "O-03", "O-06", "O-07", "O-08", "O-09", "O-10", "O-11", "O-12", "O-14", "O-15", "O-16",
}  # fmt: skip


def test_that_every_requirement_built_has_a_proof():
    rows = matrix()
    for name, tests in rows.items():
        print(f"{name}  {len(tests):3d}  {tests[0]}")
        for test in tests[1:]:
            print(f"           {test}")
    assert set() == BUILT - set(rows)


def test_that_every_mark_names_a_requirement():
    assert [name for name in matrix() if not ID.fullmatch(name)] == []


def test_that_every_mark_names_a_requirement_of_the_list(shared_data):
    text = (shared_data.parent / "design" / "requirements.md").read_text(encoding="utf-8")
    assert set(matrix()) <= set(ID.findall(text))


def test_that_every_mark_has_its_sentence_and_every_sentence_a_proof():
    assert set(matrix()) == set(requirements())


JUNIT = """<testsuites><testsuite>
<testcase classname="tests.filter.test_a" name="test_x[1]"/>
<testcase classname="tests.filter.test_a" name="test_x[2]"><failure/></testcase>
<testcase classname="tests.test_b" name="test_y"><skipped/></testcase>
<testcase classname="tests.test_b" name="test_z"/>
</testsuite></testsuites>"""


def test_that_the_worst_of_a_tests_results_counts(tmp_path):
    file = tmp_path / "results.xml"
    file.write_text(JUNIT)
    assert results(file) == {
        "filter/test_a.py::test_x": "failed", "test_b.py::test_y": "skipped",
        "test_b.py::test_z": "passed",
    }  # fmt: skip


def test_that_a_test_that_was_not_run_is_said_to_be_so(tmp_path):
    rows = list(rows_with({}))
    assert {row[3] for row in rows} == {"not run"}
    one = rows[0][2]
    assert {row[3] for row in rows_with({one: "failed"}) if row[2] == one} == {"failed"}


def test_that_the_matrix_is_printed_as_a_table():
    done = subprocess.run(
        [sys.executable, "installer/trace.py"], cwd=CHECKOUT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.startswith("requirement,asks,test,result")
    assert "R-15," in done.stdout
