"""`eqs filter mu` and `eqs book ...`: exit codes, JSON, options."""

import json

import pytest

from app.command_line import main
from app.demo.write_demo import write_demo
from app.filter.mu.book_generic import generic_book
from app.filter.mu.book_read import digest_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demo").folder


def answer(capsys, *words):
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.req("R-16")
def test_that_mu_prints_every_factor_and_the_digest(demo, capsys):
    export = next((demo / "export").glob("*.rtp"))
    code, told = answer(capsys, "filter", "mu", "--rv", export, "--plan", demo / "dicom",
                        "--isodose", "5=100")  # fmt: skip
    assert code == 0
    assert told["status"] == "pass"
    assert told["book"]["digest"] == digest_of(generic_book())
    assert told["rule_version"] == "MU-3"
    assert "NOT FOR CLINICAL USE" in told["notice"]
    assert len(told["left_out"]) >= 6
    imrt = told["beams"][1]
    assert {"csf", "psf", "tmr0", "smr", "oar", "wf", "woa", "isf"} <= imrt["factors"].keys()
    assert len(imrt["states"]) == 4
    assert sum(one["dose_cgy"] for one in imrt["states"]) == pytest.approx(imrt["dose_cgy"])
    assert told["beams"][4]["factors"]["isodose_percent"] == 100


def test_that_options_reach_the_calculation(demo, capsys):
    plan = ("filter", "mu", "--plan", demo / "dicom")
    _, plain = answer(capsys, *plan)
    _, other = answer(capsys, *plan, "--depth", "RPO IMRT=5", "--flash", "AP VW60=X1:1.5",
                      "--isodose", "E BOOST=90", "--cutout", "E BOOST=4x6", "--ssd",
                      "E BOOST=101", "--bolus", "E BOOST=1")  # fmt: skip
    assert other["beams"][1]["dose_cgy"] > 1.2 * plain["beams"][1]["dose_cgy"]
    assert other["beams"][0]["factors"]["smr"] < plain["beams"][0]["factors"]["smr"]
    assert other["beams"][4]["factors"]["width_cm"] == 4
    assert other["beams"][4]["factors"]["gap_cm"] == pytest.approx(0)
    assert plain["beams"][4]["severity"] == "not-run"


def test_that_the_table_for_people_names_status_and_what_is_left_out(demo, capsys):
    assert main(["filter", "mu", "--plan", str(demo / "dicom")]) == 1
    told = capsys.readouterr().out
    assert told.startswith("NOT FOR CLINICAL USE")
    for words in ("Status: WARNING", "CSF 0.9", "heterogeneity", "SHA-256", "not calculated"):
        assert words in told


@pytest.mark.parametrize(
    "option",
    [("--depth", "5"), ("--depth", "A=x"), ("--flash", "A=Z1:2"), ("--cutout", "A=4"),
     ("--depth", "A=-1"), ("--depth", "A=nan")],
)  # fmt: skip
def test_that_an_option_written_wrongly_is_one_sentence(demo, capsys, option):
    code, told = answer(capsys, "filter", "mu", "--plan", demo / "dicom", *option)
    assert code == 2
    assert option[0] in told["error"]["what"]


def test_that_nothing_calculated_is_could_not_run(demo, capsys, tmp_path):
    files = {k: v for k, v in generic_book().items() if not k.startswith(("6X", "18X", "12E"))}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    code, told = answer(capsys, "filter", "mu", "--plan", demo / "dicom", "--book", tmp_path)
    assert code == 2
    assert told["status"] == "warning"
    assert all("no beam for" in one["why"] for one in told["beams"])


def test_that_a_book_is_made_shown_checked_exported_and_imported(tmp_path, capsys):
    own, sheet, again = tmp_path / "own", tmp_path / "own.xlsx", tmp_path / "again"
    assert main(["book", "make", str(own)]) == 0
    assert main(["book", "make", str(own)]) == 2
    capsys.readouterr()
    code, told = answer(capsys, "book", "show", own)
    assert (code, told["digest"]) == (0, digest_of(generic_book()))
    assert {one["id"] for one in told["beams"]} >= {"6X", "10X", "15X", "18X"}
    assert told["beams"][0]["tables"][0]["who"]
    code, told = answer(capsys, "book", "check", own)
    assert (code, told["status"]) == (0, "pass")
    assert main(["book", "export", str(own), "--out", str(sheet)]) == 0
    assert main(["book", "import", str(sheet), "--out", str(again)]) == 0
    capsys.readouterr()
    assert answer(capsys, "book", "show", again)[1]["digest"] == digest_of(generic_book())


def test_that_a_doubtful_book_ends_with_one_and_a_broken_with_two(tmp_path, capsys):
    main(["book", "make", str(tmp_path / "own")])
    file = tmp_path / "own" / "6X" / "psf.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("\n10,1\n", "\n10,0.9\n"), encoding="utf-8")
    capsys.readouterr()
    assert answer(capsys, "book", "check", tmp_path / "own")[0] == 1
    file.write_text(text.replace("\n10,1\n", "\n10,\n"), encoding="utf-8")
    code, told = answer(capsys, "book", "check", tmp_path / "own")
    assert code == 2
    assert "is empty" in told["error"]["what"]
    assert answer(capsys, "book", "show", tmp_path / "nowhere")[0] == 2


def test_that_the_clinics_own_book_is_taken_before_the_generic(capsys):
    from app.filter.mu.books import GENERIC, OWN, own_book_folder
    from core.paths import clinic_folder

    assert own_book_folder() == GENERIC
    main(["book", "make", str(clinic_folder() / OWN)])
    assert own_book_folder() == clinic_folder() / OWN


def test_that_the_sheet_is_written(demo, capsys, tmp_path):
    out = tmp_path / "mu.xlsx"
    answer(capsys, "filter", "mu", "--plan", demo / "dicom", "--xlsx", out)
    assert out.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    "words",
    [
        ("--depth", "99=5"),
        ("--isodose", "99=90"),
        ("--flash", "99=X1:1.5"),
        ("--cutout", "99=4x6"),
    ],
)
def test_that_what_is_given_for_no_field_is_refused(demo, capsys, words):
    code, told = answer(capsys, "filter", "mu", "--plan", demo / "dicom", *words)
    assert code == 2
    assert "'99', which is not there" in told["error"]["what"]


@pytest.mark.parametrize("words", [("--cone", "99=20"), ("--depths", "99=9,10")])
def test_that_cone_and_depths_of_no_arc_are_refused(demo, capsys, words):
    export = next((demo / "export").glob("*.rtp"))
    code, told = answer(
        capsys, "mu", "srs", "--rv", export, "--isodose", "80", "--cone", "20", *words
    )
    assert code == 2
    assert "no field 99" in told["error"]["what"]


@pytest.mark.parametrize(
    ("words", "told_words"),
    [(("--template", "tbi", "--ssd", "77=300"), "'77', which is not there"),
     (("--template", "srs", "--ssd", "1=300"), "total body irradiation alone"),
     (("--template", "srs", "--thickness", "28"), "total body irradiation alone")],
)  # fmt: skip
def test_that_values_for_nothing_are_not_passed_over(demo, capsys, words, told_words):
    export = next((demo / "export").glob("*.rtp"))
    code, told = answer(capsys, "filter", "compare", "--rv", export, *words)
    assert code == 2
    assert told_words in told["error"]["what"]


def test_that_notes_without_notes_could_not_run(demo, capsys):
    export = next((demo / "export").glob("*.rtp"))
    code, told = answer(capsys, "filter", "notes", "--rv", export)
    assert code == 2
    assert "no notes were given" in told["error"]["what"]
