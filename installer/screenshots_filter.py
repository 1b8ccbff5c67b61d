"""The walk through the Filter room: each report, what people do with it, the printed pages."""

from pathlib import Path

from app.demo.rv_export import export_records
from app.demo.rv_records import file_of
from app.filter.gui.against import Against
from app.filter.gui.ask_strip import AskStrip
from app.main_window import MainWindow
from installer.screenshot_kit import settle, shoot
from installer.screenshots_mu import take_mu

NOTES = """Gating: none
Dose rate: 300
Isodose: 97.5 %
Tolerance table: 4
Patient has a pacemaker; cardiology was asked. Shift 1.2 cm left after CT."""
# Couch, start, turn, stop of the arcs of a standard set (resources/filter/srs.toml).
ARCS = (
    ("0.0", "30.0", "CW", "130.0"), ("45.0", "330.0", "CCW", "230.0"),
    ("90.0", "210.0", "CW", "330.0"), ("315.0", "30.0", "CW", "130.0"),
)  # fmt: skip


def take_filter(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show the Filter with a seeded error, page by page, and with a damaged file."""
    checker = window.go_to("Filter")
    variants = demo / "export" / "variants"
    checker.run(variants / "leaf_1_mm.rtp", demo / "dicom")
    shoot(window, folder, "filter-compare")
    for number, name in ((1, "not-checked"), (2, "fields"), (3, "pairs")):
        checker.view.tabs.setCurrentIndex(number)
        shoot(window, folder, f"filter-{name}")
    checker.show_place(checker.view.model.rows[0])
    shoot(window, folder, "filter-leaves")
    checker.run(variants / "mu.rtp", demo / "dicom")
    settle()
    take_mu(window, folder, demo)
    checker.run(variants / "dose_rate.rtp", demo / "dicom")
    shoot(window, folder, "filter-warning")
    checker.run(variants / "checksum_damaged.rtp", None)
    shoot(window, folder, "filter-refused")
    take_special(window, folder, demo)
    take_desk(window, folder, demo)


def take_special(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show the Filter's other reports: arcs, final export, chart notes, commissioning."""
    checker = window.go_to("Filter")
    export = next((demo / "export").glob("*.rtp"))
    arcs = demo / "stereotactic.rtp"
    arcs.write_bytes(stereotactic_export())
    checker.check(arcs, Against("srs"))
    shoot(window, folder, "filter-srs")
    checker.view.tabs.setCurrentWidget(checker.printout)
    shoot(window, folder, "filter-srs-arcs")
    final = demo / "export" / "variants" / "table_position.rtp"
    checker.check(final, Against("initial", export))
    shoot(window, folder, "filter-final")
    checker.run(export, demo / "dicom")
    shoot(window, folder, "filter-green")
    checker.notes.text.setPlainText(NOTES)
    checker.view.tabs.setCurrentWidget(checker.notes)
    checker.notes.compare_button.click()
    settle()
    checker.view.tabs.setCurrentWidget(checker.notes)
    shoot(window, folder, "filter-notes")
    checker.view.tabs.setCurrentIndex(0)
    shoot(window, folder, "filter-notes-findings")
    checker.desk.commission_button.click()
    settle(lambda: checker.commissioning.made is not None)
    shoot(window, folder, "filter-commissioning")
    checker.commissioning.save(folder / "filter-commissioning.pdf", "Jane Roe")
    settle()


def take_desk(window: MainWindow, folder: Path, demo: Path) -> None:
    """Show what people do with a check: baseline, signature, work list, and the printed pages."""
    checker = window.go_to("Filter")
    export = next((demo / "export").glob("*.rtp"))
    checker.run(export, demo / "dicom")
    settle()
    menu = checker.desk.baseline_button.menu().actions()
    menu[0].trigger()
    shoot(window, folder, "filter-baseline-asked")
    sign(checker.desk.strip)
    settle()
    shoot(window, folder, "filter-baseline-saved")
    checker.desk.save_page(folder, "Jane Roe", "IE")
    checker.desk.save_sheet(folder / "therapist-sheet.pdf")
    settle()
    variant = demo / "export" / "variants" / "jaw_3_mm.rtp"
    whole = export.read_bytes()
    export.write_bytes(variant.read_bytes())
    menu[3].trigger()  # what has changed in the export
    settle()
    shoot(window, folder, "filter-baseline-difference")
    export.write_bytes(whole)
    checker.run(variant, demo / "dicom")
    settle()
    checker.desk.save_page(folder, "Jane Roe", "FE")
    settle()
    checker.worklist_button.click()
    shoot(window, folder, "filter-work-list-empty")
    checker.worklist.begin_button.click()
    sign(checker.worklist.strip)
    settle()
    checker.worklist.done_button.click()
    sign(checker.worklist.strip)
    settle()
    shoot(window, folder, "filter-work-list")
    checker.worklist.tabs.setCurrentIndex(1)
    shoot(window, folder, "filter-watched-folders")
    checker.worklist_button.click()


def sign(strip: AskStrip) -> None:
    """Answer a question of the desk."""
    strip.person.setText("Jane Roe")
    strip.words.setText("compared with the plan")
    strip.go_button.click()


def stereotactic_export() -> bytes:
    """Return the demonstration export with four stereotactic arcs in the place of its fields."""
    records = list(export_records())
    model = next(one for one in records if one.keyword == "FIELD_DEF" and one["field_id"] == "4")
    rx = next(one for one in records if one.keyword == "RX_DEF")
    made = [one for one in records if one.keyword == "PLAN_DEF"]
    made.append(rx.changed(technique="SRS", number_of_fields="4", dose_ttl="1800", dose_tx="1800"))
    made += [one for one in records if one.keyword == "SITE_SETUP_DEF"][:1]
    jaws = dict.fromkeys(("collimator_x1", "collimator_y1"), "-2.5")
    jaws |= dict.fromkeys(("collimator_x2", "collimator_y2"), "2.5")
    for number, (couch, start, turn, stop) in enumerate(ARCS, start=1):
        made.append(model.changed(
            field_id=str(number), field_name=f"ARC {number}", treatment_type="Arc", energy="6",
            field_note="ISO A: -12.5, 3.0, 40.0", field_dose="450.00", doserate="",
            field_monitor_units="600", collimator_angle="90.0", couch_angle=couch,
            gantry_angle=start, arc_start_angle=start, arc_direction=turn, arc_stop_angle=stop,
            wedge="", block="STEREO", field_x="5.0", field_y="5.0", **jaws,
        ))  # fmt: skip
    return file_of(made)
