"""The version of the rules a report bears: it changes with what is in force, and nothing else."""

import sys
from pathlib import Path

import pytest

from app.filter import baseline as store
from app.filter.baseline import Wanted, save_baseline
from app.filter.baseline_check import check_against
from app.filter.checks_log import checks_file, on_record, reports_on_record
from app.filter.ledger_log import recorded
from app.filter.ledger_page import page_html, page_of
from app.filter.mu.book_check import open_book
from app.filter.mu.books import GENERIC
from app.filter.mu.check import mu_report
from app.filter.mu.electron_density import density_curve
from app.filter.mu.tell import as_text as mu_text
from app.filter.notes import read_rules as read_notes
from app.filter.other_reports import exports_report, srs_report, tbi_report
from app.filter.report import as_text, compare_report, open_report
from app.filter.rule_set import CHECK, MU, rule_set
from app.filter.signoff import sign_report
from app.filter.statistics import rule_counts
from core.audit import append
from core.errors import RemedyError
from core.layers import Layers, known
from core.paths import RESOURCES, clinic_folder
from tests.filter.desk_samples import VARIANTS, write_export, write_plan

sys.path.insert(0, str(Path(__file__).parent.parent / "core"))
from layer_samples import PROTECTED

LIMIT = "[exports]\ncouch_deg = { value = 1.5 }\n"
SAID = (
    "tables that differ from the shipped ones: Limits of the Filter's checks (tolerances.toml), "
    "layer 'clinic share': exports.couch_deg"
)


def lay(folder, text=LIMIT, name="tolerances.toml"):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.req("R-28")
def test_that_a_limit_of_the_clinic_changes_the_version_and_is_named_in_the_report(
    share, tmp_path
):
    export, plan = write_export(tmp_path), write_plan(tmp_path)
    shipped = compare_report(export, plan)
    assert shipped.rule_set.words == "all tables as shipped"
    own = lay(share)
    changed = compare_report(export, plan)
    assert changed.rule_set.version != shipped.rule_set.version
    assert changed.rule_set.words == SAID
    told = changed.to_json()["rules"]
    assert told["version"] == changed.rule_set.version
    assert [(one["table"], one["layers"]) for one in told["not_as_shipped"]] == [
        ("tolerances.toml", ["clinic share"])
    ]
    assert f"Rules {changed.rule_set.version}; {SAID}." in as_text(changed)
    page = page_html(changed, page_of(changed, "IE", "Ann"))
    assert changed.rule_set.version in page
    assert "&#x27;clinic share&#x27;: exports.couch_deg" in page
    own.unlink()
    again = compare_report(export, plan)
    assert again.rule_set == shipped.rule_set
    # A report keeps the rules it was made by, whatever the clinic lays down later.
    assert changed.to_json()["rules"] == told


@pytest.mark.req("R-28")
def test_that_the_same_limit_is_the_same_rule_set_whatever_layer_it_comes_from(
    machine, share, monkeypatch
):
    found = {}
    for name, folder in (("machine", machine), ("clinic share", share)):
        file = lay(folder)
        found[name] = rule_set()
        file.unlink()
    lay(machine, "[exports]\ncouch_deg = 0.5\n")  # a weaker layer says otherwise
    lay(share)
    found["both"] = rule_set()
    monkeypatch.delenv("EQS_CLINIC")
    monkeypatch.setenv("EQS_MACHINE", str(machine / "nothing"))
    lay(clinic_folder())
    found["user"] = rule_set()
    assert len({one.version for one in found.values()}) == 1
    assert [found[name].own[0].layers for name in ("machine", "clinic share", "user")] == [
        ("machine",), ("clinic share",), ("user",)
    ]  # fmt: skip


@pytest.mark.req("R-28")
@pytest.mark.parametrize("text", [
    "exports.couch_deg = 1.5",
    "# Agreed in May.\n[exports]\n# by all\ncouch_deg = { source = \"ours\", value = 1.50 }\n",
    "[comparison]\nangle_deg = 0\n[exports]\ncouch_deg = 1.5\n",  # as shipped: 0.0
])  # fmt: skip
def test_that_writing_alone_changes_nothing(share, text):
    lay(share)
    before = rule_set()
    lay(share, text)
    assert rule_set() == before


@pytest.mark.req("R-28")
def test_that_a_table_laid_down_as_shipped_is_none_that_differs(share):
    shipped = rule_set()
    for name in ("tolerances.toml", "filter/srs.toml", "machines/demo_linac.toml"):
        lay(share, (RESOURCES / name).read_text(encoding="utf-8"), name)
    assert rule_set() == shipped


@pytest.mark.req("R-28")
@pytest.mark.parametrize("one", PROTECTED, ids=[one.name for one in PROTECTED])
def test_that_every_table_of_the_checks_counts_and_no_other(one, share):
    before = rule_set()
    one.lay(share, 3)
    after = rule_set()
    counts = known(one.name).name in CHECK
    assert (after.version != before.version) == counts
    assert [row.name for row in after.own] == ([one.name] if counts else [])
    one.lay(share, 4) if one.name != "dosimetry_book" else None
    assert (rule_set().version != after.version) == counts


@pytest.mark.req("R-28")
def test_that_what_a_machine_says_of_its_values_counts(share):
    """A list that is not complete, or a number only recalled, makes other findings."""
    text = (RESOURCES / "machines" / "demo_linac.toml").read_text(encoding="utf-8")
    seen = {rule_set().version}
    for old, new in (
        ('[6, 15, 18], confidence = "D", exhaustive = true', '[6, 15, 18], confidence = "D"'),
        ('value = 150, confidence = "D"', 'value = 150, confidence = "R"'),
    ):
        assert old in text
        lay(share, text.replace(old, new, 1), "machines/demo_linac.toml")
        seen.add(rule_set().version)
    assert len(seen) == 3
    (own,) = rule_set().own
    assert (own.name, own.keys) == ("machines/demo_linac.toml", ("mlc.span_mm",))


@pytest.mark.req("R-28")
def test_that_a_new_machine_and_one_left_out_are_told(share):
    text = (RESOURCES / "machines" / "demo_linac.toml").read_text(encoding="utf-8")
    lay(share, text, "machines/ours.toml")
    lay(share, "", "filter/notes.toml")
    words = rule_set().words
    assert "Machine (machines/ours.toml), layer 'clinic share': the whole table" in words
    assert "(filter/notes.toml), layer 'clinic share': " in words


@pytest.mark.req("R-28")
def test_that_every_table_a_check_asks_for_counts(share, tmp_path, monkeypatch):
    text = (RESOURCES / "machines" / "demo_linac.toml").read_text(encoding="utf-8")
    lay(share, text, "machines/demo_linac.toml")
    asked = set()
    honest = Layers.files

    def listening(self, name):
        asked.add(known(name).name)
        return honest(self, name)

    export, plan = write_export(tmp_path), write_plan(tmp_path)
    save_baseline(Wanted(export, plan, "IE", "Ann"))
    monkeypatch.setattr(Layers, "files", listening)
    monkeypatch.setattr("app.filter.settings.rule_set", lambda _: None)
    monkeypatch.setattr("app.filter.baseline_check.rule_set", lambda: rule_set(kinds=()))
    open_report(export)
    compare_report(export, plan)
    exports_report(export, export)
    tbi_report(export)
    srs_report(export)
    check_against(export)
    read_notes()
    assert asked == set(CHECK)
    asked.clear()
    monkeypatch.setattr("app.filter.mu.check.rule_set", lambda **_: None)
    mu_report(export, plan, open_book(GENERIC))
    assert asked == {"tolerances.toml"}
    density_curve()
    assert asked == set(MU)


@pytest.mark.req("R-31")
def test_that_a_baseline_says_which_table_changed_since(share, tmp_path):
    export, plan = write_export(tmp_path), write_plan(tmp_path)
    kept = save_baseline(Wanted(export, plan, "IE", "Ann"))
    assert [one.rule for one in check_against(export).findings] == ["F-BASE-SAME"]
    lay(share)
    report = check_against(export)
    told = next(one for one in report.findings if one.rule == "F-BASE-RULES")
    assert kept.body["rules"] in told.message
    assert rule_set().version in told.message
    assert told.message.endswith("(other tables: tolerances.toml)")
    lay(share, "# nothing\n")
    assert [one.rule for one in check_against(export).findings] == ["F-BASE-SAME"]


@pytest.mark.req("R-31")
def test_that_a_baseline_of_an_older_program_is_still_read(tmp_path, monkeypatch):
    honest = store._body

    def older(*args):
        body = honest(*args)
        del body["tables"], body["not_as_shipped"]
        return {**body, "rules": "0.1.0+123456789abc"}

    monkeypatch.setattr(store, "_body", older)
    export = write_export(tmp_path)
    save_baseline(Wanted(export, None, "IE", "Ann"))
    told = [one.message for one in check_against(export).findings if one.rule == "F-BASE-RULES"]
    assert told == [
        f"The plan was checked with rules 0.1.0+123456789abc; these are {rule_set().version}"
    ]


@pytest.mark.req("R-28", "R-22")
def test_that_the_log_keeps_the_rules_of_each_check_and_counts_them_apart(share, tmp_path):
    export = write_export(tmp_path, data=VARIANTS["rx_modality"].data())
    plan = write_plan(tmp_path)
    first = on_record(compare_report(export, plan), "window")
    (rule,) = {one.rule for one in first.findings if one.state == "error"}
    lay(share)
    second = on_record(compare_report(export, plan), "window")
    rows = reports_on_record()
    assert [one["rules"] for one in rows] == [
        first.rule_set.version, second.rule_set.version
    ]  # fmt: skip
    assert [len(one["not_as_shipped"]) for one in rows] == [0, 1]
    assert rule_counts()[rule].reports == 2
    on_record(second, "window")
    assert rule_counts()[rule].reports == 2
    # An entry as an older program wrote it.
    older = {key: rows[0][key] for key in rows[0] if key not in ("not_as_shipped", "prev", "hash")}
    append(checks_file(), {**older, "rules": "0.1.0+123456789abc"})
    assert rule_counts()[rule].reports == 3


@pytest.mark.req("R-28")
def test_that_a_signature_is_given_under_the_rules_of_its_report(share, tmp_path):
    export, plan = write_export(tmp_path), write_plan(tmp_path)
    before = compare_report(export, plan)
    lay(share)
    with pytest.raises(RemedyError, match=r"other tables: tolerances\.toml"):
        sign_report(before, "review", "Ann")
    assert not recorded("signed")
    after = compare_report(export, plan)
    sign_report(after, "review", "Ann")
    (entry,) = recorded("signed")
    assert entry["rules"] == after.rule_set.version != before.rule_set.version


@pytest.mark.req("R-16")
def test_that_the_independent_mu_bears_its_tables(share, tmp_path):
    export, plan, book = write_export(tmp_path), write_plan(tmp_path), open_book(GENERIC)
    shipped = mu_report(export, plan, book)
    lay(share, "[mu]\nphoton_warn_percent = 2.5\n")
    own = mu_report(export, plan, book)
    assert own.rules.version != shipped.rules.version
    assert "layer 'clinic share': mu.photon_warn_percent" in mu_text(own)
