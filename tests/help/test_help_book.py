"""The help as a book: contents, links, search, entries, limits in force; `eqs help`."""

import argparse
import json
import re

import pytest

from app import help_book
from app.command_line import main, parser
from app.help_book import FOLDER, all_pages, contents, entry_of, find, plain, read_page
from app.help_limits import in_force
from core.errors import RemedyError
from core.paths import clinic_folder

LINK = re.compile(r"\]\(([^)#]+?)(#[^)]*)?\)")


def test_that_the_contents_name_every_page_once():
    named = [name for chapter in contents() for name in chapter.pages]
    files = {file.relative_to(FOLDER).with_suffix("").as_posix() for file in FOLDER.rglob("*.md")}
    assert sorted(named) == sorted(files)


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_that_a_page_begins_with_its_title_and_its_links_lead_somewhere(page):
    assert page.text.startswith("# ")
    assert page.sections[0].level == 1
    assert [one.level for one in page.sections].count(1) == 1
    for target, _ in LINK.findall(re.sub(r"`[^`]*`", "", page.text)):
        if not target.startswith(("http:", "https:")):
            assert (FOLDER / page.name).parent.joinpath(target).is_file(), target


def test_that_a_heading_in_a_block_of_code_is_none():
    text = "# A\n\n```\n# no heading\n```\n\n## B\nwords\n"
    found = help_book.sections_of("a", text)
    assert [(one.title, one.level) for one in found] == [("A", 1), ("B", 2)]


def test_that_an_unknown_page_is_refused_in_words():
    for name in ("nothing", "../index", ""):
        with pytest.raises(RemedyError, match="no page"):
            read_page(name)


def test_that_all_words_must_be_there_and_titles_come_first():
    hits = find("leaf gap")
    assert hits[0].section.title.startswith("F-INT-GAP")
    for hit in hits:
        text = f"{hit.section.title} {hit.section.text}".casefold()
        assert "leaf" in text
        assert "gap" in text


def test_that_a_rule_is_found_first_by_its_name():
    assert find("f-dose-sum")[0].section.title.startswith("F-DOSE-SUM:")


def test_that_nothing_is_found_for_nothing_and_for_nonsense():
    assert find("  ") == ()
    assert find("xyzzyx") == ()


def test_that_an_excerpt_shows_the_word_and_no_marks():
    for hit in find("baseline"):
        assert not re.search(r"[*`]", hit.excerpt)
    assert any("baseline" in hit.excerpt.casefold() for hit in find("baseline"))


def test_that_a_rule_leads_to_its_own_entry_else_to_its_family():
    assert entry_of("F-CMP-GANTRY-ANGLE").title.startswith("F-CMP-GANTRY-ANGLE:")
    assert entry_of("F-TPL-ENERGY").title.startswith("F-TPL:")
    assert entry_of("V-CER-FRAME").page == "certificate"
    assert entry_of("LEX-D1").page == "lex-checks"
    assert entry_of("X-NONE") is None


def test_that_markdown_becomes_plain_text():
    assert plain("- **Error.** see [this](a.md) `x_y`") == "Error. see this x_y"


def clinic(name, text):
    file = clinic_folder() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_that_what_the_clinic_has_set_stands_beside_the_shipped_limit():
    text = read_page("filter-checks").text
    assert in_force(text) == text
    clinic("tolerances.toml", "[consistency]\nfield_dose_sum_cgy = { value = 0.3 }\n")
    clinic("lex_limits.toml", "most_mu = 400\n")
    clinic("filter/rules.toml", '[setup]\nwords = { value = ["film"] }\n')
    told = in_force(text)
    assert "0.5 cGy; may be set from 0 to 5" in told
    assert "**In force here: 0.3 cGy.**" in told
    assert "**In force here: film.**" in told
    assert told.count("In force here") == 2
    assert "**In force here: 400 MU" in in_force(read_page("lex-checks").text)


OWN_RULE = """version = "1"
[[rule]]
id = "CLINIC-CUTOUT"
sentence = "Electron fields are treated at 100 cm"
needs = "reason"
of = "beam"
must = [{ item = "ssd_cm", least = 99.5, most = 100.5 }]
why = "The cutout factors hold at 100 cm only."
remedy = "Change the set-up."
"""


def test_that_the_clinics_own_rules_have_entries_too(capsys):
    assert main(["help", "CLINIC-CUTOUT"]) == 2
    clinic("lex_rules.toml", OWN_RULE)
    capsys.readouterr()
    assert main(["help", "clinic-cutout"]) == 0
    told = capsys.readouterr().out
    assert "Electron fields are treated at 100 cm" in told
    assert "Needs a reason. The cutout factors hold at 100 cm only." in told
    assert "CLINIC-CUTOUT" not in in_force(read_page("filter-checks").text)


def test_that_a_clinic_file_that_cannot_be_read_is_told_at_the_head():
    clinic("tolerances.toml", "[consistency]\nfield_dose_sum_cgy = { value = 99 }\n")
    told = in_force(read_page("filter-checks").text)
    assert "limits cannot be read" in told.split("\n##")[0]
    assert "In force here" not in told


def test_that_eqs_help_lists_finds_and_explains(capsys):
    assert main(["help", "--json"]) == 0
    chapters = json.loads(capsys.readouterr().out)["contents"]
    assert chapters[0]["pages"][0]["name"] == "index"
    assert main(["help", "f-dose-sum", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["entries"]
    assert entry["rule"] == "F-DOSE-SUM"
    assert "consistency.field_dose_sum_cgy" in entry["text"]
    assert main(["help", "leaf", "gap", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["title"].startswith("F-INT-GAP")
    assert main(["help", "filter"]) == 0
    assert capsys.readouterr().out.startswith("# Filter")


def test_that_eqs_help_says_so_when_it_has_nothing(capsys):
    assert main(["help", "xyzzyx"]) == 2
    assert "says nothing about 'xyzzyx'" in capsys.readouterr().err


def commands():
    """Return every command as its words, e.g. ("filter", "compare")."""
    found = set()

    def walk(parser, words):
        found.add(words)
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, inner in action.choices.items():
                    walk(inner, (*words, name))

    walk(parser(), ())
    return found


def test_that_every_command_a_page_names_is_there():
    known = commands()
    for page in all_pages():
        if page.name.startswith("decisions"):
            continue
        for line in re.findall(r"`(eqs [^`]+)`|^(eqs .+)$", page.text, re.MULTILINE):
            words = re.findall(r"^[a-z][a-z|\\]*$", "\n".join(" ".join(line).split()[1:3]), re.M)
            for one in words[0].replace("\\", "").split("|") if words else ():
                assert (one,) in known, f"{page.name}: eqs {one}"
                has_more = any(key[:1] == (one,) and len(key) > 1 for key in known)
                for two in words[1].replace("\\", "").split("|") if has_more and words[1:] else ():
                    assert (one, two) in known, f"{page.name}: eqs {one} {two}"


def test_that_files_the_physicist_is_told_of_are_those_the_program_reads():
    guide = read_page("physicist-guide").text
    source = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("app", "core")
        for file in (FOLDER.parent.parent / folder).rglob("*.py")
    )
    for name in re.findall(r"`((?:filter|gamma)/\w+\.toml|\w+\.toml)`", guide):
        last = name.rpartition("/")[2]
        assert name in source or last in source, name
