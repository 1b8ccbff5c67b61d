"""For every protected table: what a clinic would lay down, and the reader that must see it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.filter.baseline_expected import read_expected
from app.filter.film.rule import read_rule
from app.filter.ledger_names import name_by_rule
from app.filter.limits import limits_in_force
from app.filter.mu.books import own_book_folder
from app.filter.mu.electron_density import density_curve
from app.filter.notes import read_rules as read_notes
from app.filter.people import read_record_rules
from app.filter.settings import read_settings
from app.filter.srs_rules import read_srs_rules
from app.filter.tbi import read_tbi_templates
from app.lex.limits import read_limits as read_lex_limits
from app.lex.own_rules import read_own_rules
from app.lex.rv_systems import read_rv_system
from core.dose.constraints import templates_in_force
from core.dose.gamma_presets import read_presets
from core.layers import own_layers
from core.machines import read_machine
from core.paths import RESOURCES


@dataclass(frozen=True)
class Sample:
    """A table of the clinic.

    Attributes:
        name: Below the folder of a layer.
        text: With @ where the layer's number goes (1 to 9).
        read: What the program makes of it.

    """

    name: str
    text: str
    read: Callable[[], Any]

    def lay(self, folder: Path, number: int) -> None:
        file = folder / self.name
        if self.name == "dosimetry_book":
            shutil.copytree(RESOURCES / "book_generic", file)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.text.replace("@", str(number)), encoding="utf-8")


def _shipped(name: str, old: str, new: str) -> str:
    text = (RESOURCES / name).read_text(encoding="utf-8")
    assert old in text
    assert "@" not in text
    return text.replace(old, new, 1)


PROTECTED = (
    Sample("tolerances.toml", "[comparison]\nangle_deg = 1.@",
           lambda: limits_in_force()["comparison.angle_deg"]),
    Sample("lex_limits.toml", "most_mu = 60@",
           lambda: read_lex_limits(own_layers())["most_mu"].value),
    Sample("filter/tolerance_tables.toml", '[tables."2"]\ncouch_deg = 2.@',
           lambda: read_settings().tables),
    Sample("filter/film.toml", "fit_mm = { value = 3.@ }", lambda: read_rule().fit_mm),
    Sample("gamma/presets.toml",
           '[[preset]]\nid = "tg218"\ntitle = "ours"\nsource = "ours"\ndose_percent = 5.@\n'
           "distance_mm = 2.0\nlocal = false\nthreshold_percent = 10.0\n"
           "tolerance_percent = 95.0\naction_percent = 90.0\n",
           lambda: read_presets()["tg218"].criteria.dose_percent),
    Sample("machines/demo_linac.toml",
           _shipped("machines/demo_linac.toml", "minimum_gap_mm = { value = 0,",
                    "minimum_gap_mm = { value = 1.@,"),
           lambda: read_machine("demo_linac", own_layers()).mlc.minimum_gap_mm.value),
    Sample("filter/machine_names.toml", '[names]\n"LINAC @" = "demo_linac"',
           lambda: read_settings().names),
    Sample("nomenclature/lantis.toml", '[machines.names]\n"Linac" = "L@"',
           lambda: read_rv_system("lantis", own_layers()).names.machines.of("Linac")),
    Sample("filter/file_names.toml",
           'export_folder = "ours-@"\n',
           lambda: name_by_rule("export_folder", {"last_name": "DOE", "patient_id": "1"})),
    Sample("filter/rules.toml", '[setup]\nwords = { value = ["word@"] }',
           lambda: read_settings().rules.words("setup.words")),
    Sample("lex_rules.toml",
           'version = "@"\n[[rule]]\nid = "CLINIC-1"\nsentence = "SSD"\nneeds = "reason"\n'
           'of = "beam"\nmust = [{ item = "ssd_cm", least = 99, most = 101 }]\nwhy = "Agreed."\n'
           'remedy = "Ask."\n',
           lambda: read_own_rules(own_layers())),
    Sample("filter/sites.toml", '[off]\n"F-HINT-SMALL" = "measured in 202@"',
           lambda: read_settings().sites.off),
    Sample("filter/baseline.toml", 'passed_over = ["*.@"]',
           lambda: read_expected().passed_over),
    Sample("filter/record.toml",
           _shipped("filter/record.toml", 'words = "reviewed"', 'words = "seen @"'),
           lambda: read_record_rules().meanings["review"].words),
    Sample("filter/srs.toml",
           _shipped("filter/srs.toml", "tolerance_deg = { value = 1.0",
                    "tolerance_deg = { value = 1.@"),
           lambda: read_srs_rules(own_layers()).tolerance_deg),
    Sample("filter/tbi.toml", '[[field]]\nname = "LAT @"\nenergy = { value = 6, unit = "MV" }',
           lambda: [one.name for one in read_tbi_templates(own_layers())]),
    Sample("filter/cone_beam.toml", 'names = "cb@"',
           lambda: read_settings().cone_beam.names.pattern),
    Sample("filter/notes.toml",
           _shipped("filter/notes.toml", '"pacemaker"', '"word @"'),
           lambda: read_notes().words),
    Sample("constraints/target_icru83.toml",
           'title = "Ours @"\nfractionation = "any"\n[[constraint]]\nstructure = "PTV*"\n'
           'metric = "D95%"\nsource = "ours"\n',
           lambda: [one.title for one in templates_in_force()]),
    Sample("dosimetry_book", "", own_book_folder),
    Sample("electron_density.toml",
           _shipped("electron_density.toml", 'name = "generic CT, lines of Thomas 1999"',
                    'name = "our CT @"'),
           lambda: density_curve().name),
)  # fmt: skip
