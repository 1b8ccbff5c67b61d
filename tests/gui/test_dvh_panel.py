"""The DVH page: table, clipboard, files, verdicts, light and dark, real data."""

import csv
import io

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPalette

from app import theme
from app.style import apply_scheme
from app.viewer.constraint_choice import NO_TEMPLATE
from app.viewer.dvh_lines import contrast
from app.viewer.dvh_tables import NUMBERS, TITLES, WORDS, table_row
from core.dicom.rt_set import read_rt_sets
from core.dicom.structure_dvh import structure_dvhs
from core.findings import State
from tests.core.linear_cube import dvh, point
from tests.gui.dvh_toys import PATIENT, WORDS_SHOWN, choose, filled, pixels_like, shown_panel, toy

pytestmark = pytest.mark.usefixtures("plain_numbers")


@pytest.fixture
def panel(qtbot):
    return shown_panel(qtbot)


# --- the table -------------------------------------------------------------------------------


def test_that_the_table_has_values_bands_and_units(panel):
    filled(panel)
    model = panel.model
    rows = [[model.index(r, c).data() for c in range(len(TITLES))] for r in range(4)]
    cells = dict(zip(TITLES, rows[0], strict=True))
    assert cells["Contours\ncc"] == "64.00"
    assert cells["Mean\nGy"].startswith(("30.0", "29.9"))
    assert " ± " in cells["D95\nGy"]
    assert cells["Exported\ndiffers by"].endswith(" Gy")
    assert "%-pt at" in cells["Exported\ndiffers by"]
    assert [row[1].split()[0] for row in rows[:3]] == ["usual", "usual", "low"]
    for column, title in enumerate(TITLES):
        aligned = model.index(0, column).data(Qt.ItemDataRole.TextAlignmentRole)
        assert bool(aligned) == (title in NUMBERS)
    tip = model.index(0, TITLES.index("D50\nGy")).data(Qt.ItemDataRole.ToolTipRole)
    assert "between" in tip


def test_that_a_structure_without_dvh_says_why_across_its_row(panel):
    filled(panel)
    assert panel.model.index(3, 1).data() == "No DVH: a point has no volume"
    assert panel.table.columnSpan(3, 1) == len(TITLES) - 1
    assert "1 of 4 structures have no DVH" in panel.how.text()
    panel.set_dvhs(toy()[:2], WORDS_SHOWN, 40.0)
    assert "no DVH" not in panel.how.text()


def test_that_low_confidence_has_sign_and_word(panel):
    filled(panel)
    assert panel.model.index(2, 1).data().startswith("low")
    assert panel.model.index(2, 1).data(Qt.ItemDataRole.DecorationRole) is not None
    assert panel.model.index(0, 1).data(Qt.ItemDataRole.DecorationRole) is None


def test_that_the_table_goes_to_the_clipboard_with_tabs(panel):
    filled(panel).copy_table()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[:2] == [f"Patient\t{PATIENT}", f"Dose\t{WORDS_SHOWN}"]
    rows = lines[2:]
    assert len(rows) == 5
    assert {line.count("\t") for line in rows} == {len(TITLES) - 1}
    assert rows[0].startswith("Structure\tConfidence\tContours cc")
    assert tuple(rows[1].split("\t")) == table_row(panel.dvhs[0])


def test_that_the_csv_has_the_dose_and_every_structure(panel, tmp_path, monkeypatch):
    filled(panel)
    path = tmp_path / "values.csv"
    monkeypatch.setattr(panel, "ask_for_new_file", lambda *_: path)
    panel.buttons["Save CSV…"].click()
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert rows[:2] == [["Patient", PATIENT], ["Dose", WORDS_SHOWN]]
    assert "EQS Workstation" in rows[2][1]
    assert [row[0] for row in rows[4:]] == ["PTV", "Half", "Thin", "iso"]
    assert panel.told.text() == "Written: values.csv"


def test_that_the_picture_has_curves_and_legend(panel, tmp_path, monkeypatch):
    filled(panel)
    path = tmp_path / "plot.png"
    monkeypatch.setattr(panel, "ask_for_new_file", lambda *_: path)
    panel.save_picture()
    image = QImage(str(path))
    assert image.height() > panel.plot.height() + 60
    assert image.width() >= panel.plot.width()


def test_that_a_file_that_cannot_be_written_is_told_and_none_is_no_fault(
    panel, tmp_path, monkeypatch
):
    filled(panel)
    monkeypatch.setattr(panel, "ask_for_new_file", lambda *_: None)
    panel.save_csv()
    panel.save_picture()
    assert panel.told.text() == ""
    monkeypatch.setattr(panel, "ask_for_new_file", lambda *_: tmp_path / "none" / "values.csv")
    panel.save_csv()
    assert "could not be written" in panel.told.text()


def test_that_busy_clears_the_curves_and_keeps_the_constraints(panel):
    filled(panel)
    choose(panel, "ICRU 83")
    panel.set_busy("Computing the DVHs…")
    assert panel.title.text() == "Computing the DVHs…"
    assert panel.plot.drawn == {}
    assert panel.model.rowCount() == 0
    assert not panel.buttons["Save CSV…"].isEnabled()
    assert panel.verdict_model.rowCount() == 0
    panel.set_dvhs(toy(), WORDS_SHOWN, 40.0)
    assert panel.verdict_model.rowCount() == 3


def test_that_another_person_begins_without_constraints(panel):
    filled(panel)
    choose(panel, "ICRU 83")
    panel.set_patient("Roe, Jane   ID 2", "2")
    assert panel.dvhs == ()
    panel.set_dvhs(toy(), WORDS_SHOWN, 40.0)
    assert panel.template.currentText() == NO_TEMPLATE
    assert panel.verdict_model.rowCount() == 0


def test_that_what_is_written_is_what_was_shown_when_asked(panel, tmp_path, monkeypatch):
    filled(panel)
    proposed = []

    def another_comes(_title, name, _kinds):
        proposed.append(name)
        panel.set_patient("Roe, Jane   ID 2", "2")
        return tmp_path / "values.csv"

    monkeypatch.setattr(panel, "ask_for_new_file", another_comes)
    panel.save_csv()
    text = (tmp_path / "values.csv").read_text(encoding="utf-8-sig")
    assert text.startswith(f'Patient,"{PATIENT}"')
    assert "Half" in text
    assert proposed == ["1_7 dvh.csv"]


# --- constraints -----------------------------------------------------------------------------


def test_that_verdicts_have_sign_word_value_limit_and_source(panel):
    filled(panel)
    assert not panel.verdict_table.isVisible()
    choose(panel, "ICRU 83")
    assert panel.verdict_table.isVisible()
    model = panel.verdict_model
    rows = [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(3)]
    assert [row[0] for row in rows] == ["Missed", "Missed", "Reported"]
    assert rows[0][2] == "D98% ≥ 95 % of reference"
    assert rows[0][3].startswith("10.8")
    assert rows[0][4] == "38.00 Gy"
    assert "ICRU" in rows[0][6]
    assert model.index(0, 0).data(Qt.ItemDataRole.DecorationRole) is not None
    colour = model.index(0, 0).data(Qt.ItemDataRole.ForegroundRole)
    assert colour == theme.colour(State.ERROR)
    assert "2 missed" in panel.verdict_words.text()
    assert "Check before clinical use" in panel.verdict_words.text()


def test_that_limits_are_marked_on_the_cumulative_plot_only(panel):
    filled(panel)
    choose(panel, "ICRU 83")
    marks = [(round(one.dose_gy, 2), one.volume, one.met) for one in panel.plot.marks]
    assert marks == [(38.0, pytest.approx(98), False), (42.8, pytest.approx(2), False)]
    panel.kind.setCurrentIndex(1)
    assert panel.plot.marks == []
    panel.kind.setCurrentIndex(0)
    panel.set_hidden(frozenset({1}))
    assert panel.plot.marks == []


def test_that_what_is_not_there_comes_last_and_is_not_met(panel):
    filled(panel)
    choose(panel, "QUANTEC")
    words = {panel.verdict_model.index(r, 0).data() for r in range(10)}
    assert words == {WORDS[State.NOT_RUN]}
    assert "met" not in panel.verdict_words.text().split(".")[0]


def test_that_without_a_prescription_percent_limits_are_not_judged(panel):
    panel.set_dvhs(toy(), "highest dose", 50.0, prescribed=False)
    choose(panel, "ICRU 83")
    states = [one.state for one in panel.verdict_model.verdicts]
    assert states == [State.NOT_RUN, State.NOT_RUN, State.INFO]


def test_that_a_verdict_leads_to_its_structure(panel):
    filled(panel)
    choose(panel, "ICRU 83")
    panel.verdict_table.selectRow(0)
    assert panel.table.currentIndex().row() == 0
    assert panel.plot.selected == 1


def test_that_a_clinics_file_is_used_and_a_wrong_one_refused_in_words(
    panel, tmp_path, monkeypatch
):
    filled(panel)
    path = tmp_path / "own.toml"
    text = (
        'title = "Ours"\nfractionation = "any"\n[[constraint]]\nstructure = ["Half"]\n'
        'metric = "Max"\nrelation = "<="\nlimit = 40\nlimit_unit = "Gy"\nsource = "us"\n'
    )
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(panel.template, "ask_for_file", lambda *_: path)
    panel.template.activated.emit(len(panel.template.templates) + 1)
    assert panel.template.currentText() == "Ours"
    assert panel.verdict_model.index(0, 0).data() == "Met"
    path.write_text(text.replace("Max", "Maximum"), encoding="utf-8")
    panel.template.activated.emit(len(panel.template.templates) + 1)
    assert "'metric' is 'Maximum'" in panel.told.text()
    assert panel.template.currentText() == "Ours"
    monkeypatch.setattr(panel.template, "ask_for_file", lambda *_: None)
    panel.template.activated.emit(len(panel.template.templates) + 1)
    assert panel.template.currentText() == "Ours"


# --- light and dark, real data ---------------------------------------------------------------


@pytest.fixture
def schemes():
    yield ("Dark", "Light")
    apply_scheme("Follow the system")


def test_that_a_dark_page_has_a_dark_plot_and_curves_that_can_be_seen(panel, schemes):
    filled(panel)
    for name in schemes:
        apply_scheme(name)
        ground = panel.plot.ground
        assert ground == theme.palette(name).color(QPalette.ColorRole.Base)
        assert pixels_like(panel.plot, ground, 8) > 0.3 * panel.plot.width() * panel.plot.height()
        for one in panel.plot.drawn.values():
            assert contrast(one.colour, ground) >= 3.0
        ink = panel.plot.getAxis("bottom").textPen().color()
        assert contrast(ink, ground) > 7


def test_that_no_dvhs_at_all_are_no_fault(panel):
    panel.set_dvhs([], "The set has no dose.", 1.0)
    panel.plot.point_at(QPointF(200, 100))
    panel.plot.fit()
    panel.plot.forget_mouse()
    assert panel.title.text() == "The set has no dose."
    only_points = [dvh(point())]
    panel.set_dvhs(only_points, WORDS_SHOWN, 40.0)
    assert panel.plot.drawn == {}


def test_that_real_dvhs_are_shown_with_those_of_the_planning_system(panel, shared_data):
    folder = shared_data / "dicom" / "breast_dicompyler"
    if not folder.is_dir():
        pytest.skip("the breast set is not here")
    own = read_rt_sets([folder])[0]
    chief = own.chief_dose()
    gap_mm = own.series[0].geometry.slice_mm if own.series else None
    panel.set_dvhs(structure_dvhs(own.structure_sets[0], chief, gap_mm), WORDS_SHOWN, 14.0)
    with_exported = [one for one in panel.plot.drawn.values() if one.exported is not None]
    assert len(with_exported) >= 8
    row = next(n for n, one in enumerate(panel.dvhs) if one.structure.name == "Tumor Bed")
    assert panel.model.index(row, 12).data() == "2.98 %-pt at 14.3 Gy"
    missing = next(n for n, one in enumerate(panel.dvhs) if one.structure.name == "Areola")
    assert "no closed contours" in panel.model.index(missing, 1).data()
    choose(panel, "QUANTEC")
    heart = [v for v in panel.verdict_model.verdicts if v.structure_name == "Heart"]
    assert [one.state for one in heart] == [State.PASS]
