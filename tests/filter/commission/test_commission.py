"""Commissioning by mutation: every fault is found alone, and a lost rule shows (R-30)."""

import ast
import json
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from app.command_line import main
from app.demo.write_demo import write_demo
from app.filter import hints
from app.filter.commission.clinic import How
from app.filter.commission.commissioning import (
    LEFT_OUT,
    OURS,
    clinic_of,
    commission,
    faults_for,
    together,
)
from app.filter.commission.run import Ending, try_one
from app.filter.coverage import ROWS, table_1_coverage
from app.filter.ledger_log import recorded
from core.errors import RemedyError
from core.findings import Finding, State
from core.paths import clinic_folder
from tests.conftest import CHECKOUT
from tests.filter.fault_files import SOURCES, case, export_of

EVERY = bool(os.environ.get("EQS_EVERY_CHANGE"))
QUICK = [name for name in SOURCES if name not in ("sliding window breast", "two arcs")]
PROGRAM = CHECKOUT / "app" / "filter"
BAD = (Ending.MISSED, Ending.MORE, Ending.OFF)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("commission") / "demonstration")


@pytest.fixture(scope="module")
def made(demo):
    return commission(demo.export, demo.plan)


def tried(demo, *rules):
    """Return what became of the faults of some rules; of all where none is named."""
    clinic = clinic_of(demo.export, demo.plan)
    return [try_one(clinic, one) for one in faults_for(clinic) if not rules or one.rule in rules]


def bad(rows):
    return [(one.ending.value, one.rule, one.words, one.others)
            for one in rows if one.ending in BAD]  # fmt: skip


@pytest.mark.req("R-30")
def test_that_every_fault_of_the_demonstration_is_found_alone(made):
    assert bad(made.rows) == []
    assert made.counts[Ending.FOUND] >= 190
    assert made.status == State.WARNING  # some rows have no place on this plan, which is no pass


@pytest.mark.req("R-30")
def test_that_what_a_pinnacle_plan_does_not_hold_is_not_shown_and_all_else_found(demo):
    clinic = clinic_of(demo.export, demo.pinnacle_plan)
    rows = [try_one(clinic, one) for one in faults_for(clinic) if one.how is How.COMPARE]
    assert bad(rows) == []
    (turn,) = [one for one in rows if one.rule == "F-CMP-COUCH-PED-DIR"]
    assert (turn.ending, turn.words) == (
        Ending.NOT_SHOWN, "couch_ped_dir: the plan does not hold it"
    )  # fmt: skip


@pytest.mark.req("R-30")
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.timeout(300)
def test_that_every_fault_is_found_alone_on_real_plans(shared_data, tmp_path):
    runs = []
    for name in SOURCES if EVERY else QUICK:
        one = case(name, shared_data)
        path = tmp_path / f"{name}.rtp"
        path.write_bytes(export_of(one.lines))
        runs.append(commission(path, one.source))
        counts = runs[-1].counts
        print(f"{name:24} {counts[Ending.FOUND]:4} found, {counts[Ending.NOT_SHOWN]:3} not shown")
        assert bad(runs[-1].rows) == [], name
        assert counts[Ending.FOUND] > 100, name
    whole = together(runs)
    assert len(runs) >= 5
    print(f"{'together':24} {whole.headline}")
    assert whole.counts[Ending.NOT_SHOWN] < min(one.counts[Ending.NOT_SHOWN] for one in runs)


@pytest.mark.req("R-30")
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize(
    "name",
    ["varian_imrt_scale_convention_1", "mosaiq_2.5_vmat_scale_convention_1", "mosaiq_2.6",
     "oncentra_columna_dose"],
)  # fmt: skip
def test_that_public_exports_as_they_are_miss_nothing_native_scales_included(shared_data, name):
    """They hold findings of their own; what a fault adds has to be told all the same."""
    made = commission(
        shared_data / "rtp" / f"{name}.rtp", shared_data / "rtp-pairs" / f"{name}.dcm"
    )
    print(f"{name:36} {made.headline}")
    assert bad(made.rows) == []
    assert made.counts[Ending.FOUND] > 100


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_that_any_public_export_can_be_tried_even_with_the_plan_of_another(shared_data):
    """Where nearly everything differs already, a fault still adds its own finding or no place."""
    plan, tried_files = shared_data / "rtp-pairs" / "mosaiq_2.4.dcm", 0
    for file in sorted((shared_data / "rtp").glob("*.rtp")):
        try:
            made = commission(file, plan)
        except RemedyError:
            continue  # a damaged export is refused
        tried_files += 1
        print(f"{file.name:48} {made.headline}")
        assert bad(made.rows) == [], file.name
    assert tried_files >= 13


@pytest.mark.req("R-30", "R-04")
def test_that_no_row_of_table_1_is_left_out_of_the_matrix(made):
    for column in OURS:
        rows = {one.row: one for one in made.rows if one.column == column}
        assert set(ROWS) <= set(rows)
        for covered in table_1_coverage(column):
            by_hand = rows[covered.row].ending is Ending.BY_HAND
            assert by_hand == (covered.how == "manual"), covered


@pytest.mark.req("R-30")
def test_that_every_rule_of_the_program_has_a_fault_or_a_reason(made):
    """A rule that is added without a fault turns this red."""
    asked = {one.rule for one in made.rows if one.rule}
    named = set()
    for file in PROGRAM.rglob("*.py"):
        if "commission" in file.parts or "cards" in file.name:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else ""
            if isinstance(text, str) and re.fullmatch(r"F-[A-Z0-9]+(-[A-Z0-9]+)*", text):
                named.add(text)
    assert len(named) > 80
    families = {"F-CMP", "F-INT", "F-RTP", "F-CB", "F-BASE", "F-OPEN", "F-TPL"}
    lost = {
        rule for rule in named - families - asked
        if not any(rule.startswith(prefix) for prefix in LEFT_OUT)
    }  # fmt: skip
    assert lost == set()


@pytest.mark.req("R-30")
@pytest.mark.parametrize(
    ("place", "rule", "other"),
    [
        ("app.filter.consistency._modality", "F-RX-MODALITY", "F-RX-COUNT"),
        ("app.filter.consistency._prescription", "F-RX-FRACTIONS", "F-RX-COUNT"),
        ("app.filter.consistency._doses", "F-DOSE-MISSING", "F-RX-FRACTIONS"),
        ("app.filter.consistency._table_positions", "F-TABLE-POSITION", "F-MU-MISSING"),
        ("app.filter.consistency._field_ids", "F-ID-LENGTH", "F-RX-COUNT"),
        ("app.filter.consistency._moduleaf", "F-ID-MODULEAF", "F-ID-UNIQUE"),
        ("app.filter.consistency._shares", "F-SHARE-ENDS", "F-LEAVES-CROSS"),
        ("app.filter.consistency._crossed", "F-LEAVES-CROSS", "F-SHARE-FALLS"),
        ("app.filter.setup_fields._dose_on", "F-SETUP-DOSE", "F-SETUP-ASK"),
        ("app.filter.logic.applicator_for_electrons", "F-APPLICATOR", "F-SETUP-ASK"),
        ("app.filter.logic.side_findings", "F-SIDE-NAMES", "F-SETUP-ASK"),
        ("app.filter.interlocks._lengths", "F-INT-RANGE", "F-INT-ARC"),
        ("app.filter.interlocks._arc", "F-INT-ARC", "F-INT-RANGE"),
        ("app.filter.interlocks._beam", "F-INT-ENERGY", "F-INT-RANGE"),
        ("app.filter.interlocks._applicator", "F-INT-APPL-JAWS", "F-INT-RANGE"),
        ("app.filter.interlocks._dynamic_wedge", "F-INT-VW-MU", "F-INT-RANGE"),
        ("app.filter.interlocks._wedged_field", "F-INT-VW-FIELD", "F-INT-VW-MU"),
        ("app.filter.interlock_leaves._reach", "F-INT-SPAN", "F-INT-LEAVES"),
        ("app.filter.interlock_leaves._parked", "F-HINT-PARKED", "F-INT-LEAVES"),
        ("app.filter.hints._gating", "F-GATING", "F-NAME-ANGLE"),
        ("app.filter.hints._slow", "F-HINT-SLOW", "F-NAME-ANGLE"),
        ("app.filter.judge.mismatches", "F-CMP-WEDGE", "F-CMP-MLC"),
        ("app.filter.compare.compare_plan", "F-CMP-PATIENT-ID", "F-CMP-MLC"),
        ("app.filter.rtp_check._of_points", "F-RTP-COUNT", "F-RTP-LEAVES"),
        ("app.filter.rtp_check._of_layout", "F-RTP-RECORD", "F-RTP-LEAVES"),
        ("app.filter.notes_compare._contradictions", "F-NOTE-TWICE", "F-NOTE-UNREAD"),
    ],
)
def test_that_a_rule_taken_out_is_a_missed_row(demo, monkeypatch, place, rule, other):
    monkeypatch.setattr(place, lambda *_, **__: iter(()))
    rows = tried(demo, rule, other)
    missed = {one.rule for one in rows if one.ending is Ending.MISSED}
    assert rule in missed
    assert other not in missed
    assert {one.rule for one in rows if one.ending is Ending.FOUND} >= {other}


@pytest.mark.req("R-30")
def test_that_a_rule_that_says_too_much_is_told_beside_the_fault(demo, monkeypatch):
    real = hints._name

    def chatty(field, settings):
        yield from real(field, settings)
        if field.gantry_deg is not None and field.gantry_deg % 1:
            yield Finding("F-GATING", State.WARNING, "an odd angle", field.id, item="gating")

    monkeypatch.setattr(hints, "_name", chatty)
    rows = tried(demo, "F-CMP-GANTRY-ANGLE", "F-CMP-COLLIMATOR-ANGLE")
    more = {one.rule for one in rows if one.ending is Ending.MORE}
    assert more == {"F-CMP-GANTRY-ANGLE"}
    assert {one.others for one in rows if one.ending is Ending.MORE} == {
        ("F-GATING: an odd angle",)
    }


@pytest.mark.req("R-30")
def test_that_a_rule_switched_off_is_an_uncovered_row_with_the_reason(demo):
    (clinic_folder() / "filter").mkdir(parents=True)
    (clinic_folder() / "filter" / "sites.toml").write_text(
        '[off]\n"F-RX-COUNT" = "we count by hand"\n', encoding="utf-8"
    )
    (row,) = tried(demo, "F-RX-COUNT")
    assert row.ending is Ending.OFF
    assert "we count by hand" in row.words


@pytest.mark.req("R-30")
def test_that_several_plans_cover_what_one_does_not_show_and_hide_no_miss(made):
    silent = replace(made, rows=tuple(replace(one, ending=Ending.NOT_SHOWN) for one in made.rows))
    both = together([silent, made])
    assert both.counts == made.counts
    wrong = replace(made, rows=(replace(made.rows[0], ending=Ending.MISSED), *made.rows[1:]))
    assert together([made, wrong]).status == State.ERROR
    whole = replace(made, rows=tuple(one for one in made.rows if one.ending is Ending.FOUND))
    assert whole.status == State.PASS


@pytest.mark.req("R-30", "R-28")
def test_that_the_command_writes_the_matrix_and_the_log(demo, tmp_path, capsys):
    before = {path: path.read_bytes() for path in Path(demo.export).parent.glob("*.rtp")}
    page, pdf = tmp_path / "matrix.html", tmp_path / "matrix.pdf"
    words = ["filter", "commission", "--rv", str(demo.export), "--plan", str(demo.plan)]
    assert main([*words, "--out", str(page), "--by", "Ann", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"]["missed"] == 0
    assert all(row["found"] == (row["ending"] == "found") for row in answer["rows"])
    text = page.read_text(encoding="utf-8")
    assert "not shown on this plan" in text
    assert "F-CMP-MLC" in text
    assert "src=" not in text
    (entry,) = recorded("commissioning")
    assert entry["person"] == "Ann"
    assert entry["counts"] == answer["counts"]
    assert len(entry["not_covered"]) == answer["counts"]["not shown on this plan"]
    assert main([*words, "--out", str(pdf)]) == 1
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "missed" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("what", ["dicom", "there", "ending", "pairs"])
def test_that_what_cannot_run_ends_with_2_and_one_sentence(demo, tmp_path, capsys, what):
    rv, plan, out = str(demo.export), str(demo.plan), tmp_path / "new.html"
    words = ["--rv", rv, "--plan", plan, "--out", str(out)]
    if what == "dicom":
        words[1] = str(next(Path(demo.plan).rglob("*.dcm"))) if Path(demo.plan).is_dir() else plan
    elif what == "there":
        out.write_text("mine", encoding="utf-8")
    elif what == "ending":
        words[-1] = str(tmp_path / "new.docx")
    else:
        words[1:2] = [rv, rv]
    assert main(["filter", "commission", *words]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert out.exists() == (what == "there")
    assert recorded("commissioning") == ()


def test_that_cancelling_ends_the_run(demo):
    class Stop(Exception):  # noqa: N818  (no error: the user's wish)
        pass

    def progress(share, _words):
        if share > 0.1:
            raise Stop

    with pytest.raises(Stop):
        commission(demo.export, demo.plan, progress=progress)


def test_that_a_damaged_source_is_refused(demo, tmp_path):
    path = tmp_path / "cut.rtp"
    path.write_bytes(demo.export.read_bytes()[:400])
    with pytest.raises(RemedyError):
        commission(path, demo.plan)


def test_that_no_two_faults_are_the_same(made):
    told = Counter((one.row, one.column, one.rule, one.report, one.words) for one in made.rows
                   if one.ending is Ending.FOUND)  # fmt: skip
    assert [key for key, count in told.items() if count > 1] == []
