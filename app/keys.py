"""Every key the program ships: where it works, what it does. The code takes its keys from here.

So do the page of the help and the check of keys a user chooses: a room that is not loaded yet has
its keys in this table all the same. Keys are written as Qt writes them in any language ("Ctrl+K").
"""

from collections.abc import Mapping
from dataclasses import dataclass

EVERYWHERE = "Everywhere"
UNDERLINED = "the menu, box or button of a page that has this letter underlined"
WINDOW = "The window"


@dataclass(frozen=True, slots=True)
class Shipped:
    """One thing that keys do.

    Attributes:
        place: Room and page, or window, in which they work.
        words: What they do.
        keys: The keys; any of them does it. Of an action of the menus the first can be changed.
        apart: Whether the place is a window of its own, where keys of the main window do nothing.

    """

    place: str
    words: str
    keys: tuple[str, ...]
    apart: bool = False


_VIEW = "Viewer, slices"
_OBLIQUE, _SOLID = "Viewer, oblique slice", "Viewer, 3D view"
_BEAM, _CERTIFICATE = "Viewer, Beam's eye view", "Viewer, Certificate"
_PLOTS = "Viewer, planes in comparison, portal image, Beam's eye view"
_HELP, _SETTINGS, _COMMANDS = "Help", "Settings", "Commands"
_BOOK = "Settings, cells of the dosimetry book"

KEYS: Mapping[str, Shipped] = {
    "next": Shipped(EVERYWHERE, "go to the next box or button", ("Tab",)),
    "previous": Shipped(EVERYWHERE, "go to the one before", ("Shift+Tab",)),
    "press": Shipped(EVERYWHERE, "press the button, set the tick", ("Space",)),
    "do": Shipped(EVERYWHERE, "do what is selected, end an entry", ("Return", "Enter")),
    "leave": Shipped(EVERYWHERE, "leave a dialog or an entry without a change", ("Esc",)),
    "step": Shipped(
        EVERYWHERE, "move in a list, table or text; change a number by one step",
        ("Up", "Down", "Left", "Right"),
    ),
    "page": Shipped(
        EVERYWHERE, "go far in a list, table or text",
        ("PgUp", "PgDown", "Home", "End", "Ctrl+Home", "Ctrl+End"),
    ),
    "edit": Shipped(EVERYWHERE, "change the cell of a table", ("F2",)),
    "delete": Shipped(EVERYWHERE, "take away text or what is selected", ("Del", "Backspace")),
    "select": Shipped(EVERYWHERE, "select all of a list, table or text", ("Ctrl+A",)),
    "copy": Shipped(EVERYWHERE, "copy what is selected", ("Ctrl+C",)),
    "cut": Shipped(EVERYWHERE, "cut text", ("Ctrl+X",)),
    "paste": Shipped(EVERYWHERE, "paste text", ("Ctrl+V",)),
    "file.open": Shipped(WINDOW, "File > Open file", ("Ctrl+O",)),
    "file.folder": Shipped(WINDOW, "File > Open folder", ("Ctrl+Shift+O",)),
    "file.settings": Shipped(WINDOW, "File > Settings", ("Ctrl+,",)),
    "file.quit": Shipped(WINDOW, "File > Quit", ("Ctrl+Q",)),
    "edit.undo": Shipped(WINDOW, "Edit > Undo: treatment data in LEX", ("Ctrl+Z",)),
    "edit.redo": Shipped(WINDOW, "Edit > Redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
    "view.commands": Shipped(WINDOW, "View > Commands: all that can be done now", ("Ctrl+K",)),
    "help.here": Shipped(WINDOW, "Help > Help on this page or finding", ("F1",)),
    "room.1": Shipped(WINDOW, "go to LEX", ("Ctrl+1",)),
    "room.2": Shipped(WINDOW, "go to the Filter", ("Ctrl+2",)),
    "room.3": Shipped(WINDOW, "go to the Viewer", ("Ctrl+3",)),
    "room.4": Shipped(WINDOW, "go to the Archive", ("Ctrl+4",)),
    "findings.copy": Shipped("LEX and Filter, tables of findings", "copy the rows", ("Ctrl+C",)),
    "question.leave": Shipped("Filter, a question below the findings", "leave it", ("Esc",)),
    "slices.four": Shipped(_VIEW, "four views", ("Alt+1",)),
    "slices.axial": Shipped(_VIEW, "axial view large", ("Alt+2",)),
    "slices.three": Shipped(_VIEW, "three views", ("Alt+3",)),
    "slices.only": Shipped(_VIEW, "axial view only", ("Alt+4",)),
    "slices.measure": Shipped(_VIEW, "measure: distance and dose profile along a line", ("M",)),
    "slices.whole": Shipped(_VIEW, "show the whole patient in all views", ("Home",)),
    "slice.back": Shipped(_VIEW, "one slice back", ("Up",)),
    "slice.on": Shipped(_VIEW, "one slice on", ("Down",)),
    "slice.far_back": Shipped(_VIEW, "five slices back", ("PgUp",)),
    "slice.far_on": Shipped(_VIEW, "five slices on", ("PgDown",)),
    "slice.nearer": Shipped(_VIEW, "larger", ("+", "=")),
    "slice.farther": Shipped(_VIEW, "smaller", ("-",)),
    "slice.whole": Shipped(_VIEW, "show all of this view", ("Home", "0")),
    "oblique.up": Shipped(_OBLIQUE, "tilt by 5°", ("W",)),
    "oblique.down": Shipped(_OBLIQUE, "tilt back by 5°", ("S",)),
    "oblique.left": Shipped(_OBLIQUE, "turn by 5°", ("A",)),
    "oblique.right": Shipped(_OBLIQUE, "turn back by 5°", ("D",)),
    "solid.left": Shipped(_SOLID, "turn to the left", ("Left",)),
    "solid.right": Shipped(_SOLID, "turn to the right", ("Right",)),
    "solid.up": Shipped(_SOLID, "turn up", ("Up",)),
    "solid.down": Shipped(_SOLID, "turn down", ("Down",)),
    "solid.nearer": Shipped(_SOLID, "larger", ("+",)),
    "solid.farther": Shipped(_SOLID, "smaller", ("-",)),
    "beam.back": Shipped(_BEAM, "one control point back", ("Left",)),
    "beam.on": Shipped(_BEAM, "one control point on", ("Right",)),
    "beam.play": Shipped(_BEAM, "play, stop", ("Space",)),
    "plane.whole": Shipped(_PLOTS, "show all", ("Home",)),
    "plane.nearer": Shipped(_PLOTS, "larger", ("+", "=")),
    "plane.farther": Shipped(_PLOTS, "smaller", ("-",)),
    "plan.copy": Shipped("Viewer, pages of the plan", "copy the rows", ("Ctrl+C",)),
    "certificate.copy": Shipped(_CERTIFICATE, "copy the rows", ("Ctrl+C",)),
    "certificate.open": Shipped(
        _CERTIFICATE, "open it from the strip with its verdict", ("Return", "Enter", "Space"),
    ),
    "commands.do": Shipped(_COMMANDS, "do the command", ("Return", "Enter"), apart=True),
    "commands.down": Shipped(_COMMANDS, "one command down", ("Down",), apart=True),
    "commands.up": Shipped(_COMMANDS, "one command up", ("Up",), apart=True),
    "commands.far_down": Shipped(_COMMANDS, "eight commands down", ("PgDown",), apart=True),
    "commands.far_up": Shipped(_COMMANDS, "eight commands up", ("PgUp",), apart=True),
    "settings.find": Shipped(_SETTINGS, "search all tables", ("Ctrl+F",), apart=True),
    "settings.help": Shipped(_SETTINGS, "help on the settings", ("F1",), apart=True),
    "book.copy": Shipped(_BOOK, "copy cells", ("Ctrl+C",), apart=True),
    "book.paste": Shipped(_BOOK, "paste cells", ("Ctrl+V",), apart=True),
    "book.undo": Shipped(_BOOK, "take a change back", ("Ctrl+Z",), apart=True),
    "book.redo": Shipped(_BOOK, "make it again", ("Ctrl+Shift+Z", "Ctrl+Y"), apart=True),
    "help.find": Shipped(_HELP, "search the help", ("Ctrl+F",), apart=True),
    "help.back": Shipped(_HELP, "the page before", ("Alt+Left",), apart=True),
    "help.forward": Shipped(_HELP, "the page after", ("Alt+Right",), apart=True),
    "help.leave": Shipped(_HELP, "empty the search, then close", ("Esc",), apart=True),
    "help.stay": Shipped(
        _HELP, "search, or open the page selected", ("Return", "Enter"), apart=True
    ),
    "training.help": Shipped("Training", "help on the training", ("F1",), apart=True),
}  # fmt: skip


def first(name: str) -> str:
    """Return the first of the keys of an entry."""
    return KEYS[name].keys[0]


def used_by(own: str) -> str:
    """Return what in the main window uses keys that nobody can change, in words; "" for nothing.

    Args:
        own: Keys somebody would like to have.

    """
    for one in KEYS.values():
        can_be_changed = one.place == WINDOW and own == one.keys[0]
        if own in one.keys and not one.apart and not can_be_changed:
            return f"{one.place}: {one.words}"
    return ""


def is_underlined(own: str) -> bool:
    """Return whether keys are those of an underlined letter, of which every page has its own."""
    modifier, _, letter = own.partition("+")
    return modifier == "Alt" and len(letter) == 1 and letter.isalpha()


def page_text() -> str:
    """Return the page of the help that lists all keys, as Markdown."""
    places: dict[str, list[Shipped]] = {}
    for one in KEYS.values():
        places.setdefault(one.place, []).append(one)
    parts = [INTRODUCTION]
    for place, entries in places.items():
        rows = (f"| {' or '.join(f'`{key}`' for key in one.keys)} | {one.words} |"
                for one in entries)  # fmt: skip
        parts.append(
            "\n".join([f"## {place}\n", "| Keys | What they do |", "|---|---|", *rows, ""])
        )
    return "\n".join(parts)


INTRODUCTION = """# Keys

All keys as the program ships them. Keys of the menus and of the rooms' names are yours to change:
*View > Keyboard shortcuts…* Select the keys of an action and press others; *Reset* beside them
puts those of this list back. Keys that stand elsewhere in this list are refused, with the place
that uses them. Where keys you chose earlier are shipped for something else by a new version, yours
stay, the other action has none, and the strip above the rooms says so.

Alt with an underlined letter goes to the menu, box or button that has the letter; those letters
are not listed here, for each page shows its own. The keys of a view work while the view has the
focus: click it, or go to it with Tab.
"""
