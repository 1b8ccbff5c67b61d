"""archive.toml of the clinic's layers: listener, nodes, rules, watched folders."""

import difflib
import ipaddress
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.archive.nodes import Kind, ListenerSettings, Node, TlsFiles
from core.archive.rules import Rule
from core.archive.settings_layers import over, told_by, unreadable
from core.errors import ClinicFileError
from core.layers import Layer, own_layers
from core.paths import clinic_folder

FILE = "archive.toml"
AE_LONGEST = 16  # PS3.5 6.2, AE


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder whose files are taken in as they come."""

    folder: Path
    every_s: float = 30.0


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """Everything archive.toml says.

    Attributes:
        scrub_days: Every stored file is read again once in so many days; 0 never.
        mirrors: Names of the nodes that are synchronised every day.
        mirror_hour: Hour of the day (0 to 23, this computer's time) at which this begins.

    """

    listener: ListenerSettings = field(default_factory=ListenerSettings)
    nodes: tuple[Node, ...] = ()
    rules: tuple[Rule, ...] = ()
    watched: tuple[WatchedFolder, ...] = ()
    scrub_days: float = 7.0
    mirrors: tuple[str, ...] = ()
    mirror_hour: int = 2

    def node(self, name: str) -> Node:
        """Return the node of a name or AE title.

        Raises:
            ClinicFileError: There is none.

        """
        for one in self.nodes:
            if name in (one.name, one.ae_title):
                return one
        known = ", ".join(one.title for one in self.nodes) or "none"
        raise ClinicFileError(
            f"no node is called '{name}'; known are {known}",
            where=FILE,
            remedy="Add a [[node]] of this name, or choose another.",
        )

    def rule(self, name: str) -> Rule:
        """Return the rule of a name.

        Raises:
            ClinicFileError: There is none.

        """
        for one in self.rules:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.rules) or "none"
        raise ClinicFileError(
            f"no rule is called '{name}'; known are {known}", where=FILE,
            remedy="Add a [[rule]] of this name, or choose another.",
        )  # fmt: skip


def settings_file() -> Path:
    """Return where this user's settings lie, the strongest; the file need not exist."""
    return clinic_folder() / FILE


def read_settings(path: Path | None = None) -> ArchiveSettings:
    """Return the settings of a file; those of this computer's layers when none is named.

    Raises:
        ClinicFileError: A line cannot be used as it stands.

    """
    if path is not None:
        return settings_of(_text(path), path)
    files = [one.path for one in own_layers().files(FILE)]
    told = told_by_all(files)
    return _Reader(files[-1]).whole(told) if files else ArchiveSettings()


def told_by_all(files: Sequence[Path]) -> dict[str, Any]:
    """Return what several files say together, weakest first; nothing of it is checked yet."""
    told: dict[str, Any] = {}
    for file in files:
        told = over(told, told_by(_text(file), file))
    return told


def weaker_files(path: Path | None = None) -> tuple[Path, ...]:
    """Return the files below this user's, weakest first; none below a file that was named."""
    if path is not None:
        return ()
    return tuple(one.path for one in own_layers().files(FILE) if one.layer != Layer.USER)


def settings_of(text: str, file: Path, weaker: Mapping[str, Any] | None = None) -> ArchiveSettings:
    """Return what the text of a file says.

    Args:
        text: The text.
        file: For messages, and where relative paths begin.
        weaker: What the files below it say (`told_by_all`).

    Raises:
        ClinicFileError: A line cannot be used as it stands.

    """
    return _Reader(file).whole(over(weaker or {}, told_by(text, file)))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise unreadable(file, fault) from fault


def time_of(told: object, where: str) -> str:
    """Return a time as the index writes it; one without a zone is this computer's.

    Args:
        told: ISO 8601, TOML's date and time, "now", or "" for no time.
        where: For the message.

    Raises:
        ClinicFileError: It is no time.

    """
    if told in ("", "now"):
        return _written(datetime.now(UTC)) if told else ""
    try:
        return _written(told if isinstance(told, datetime) else datetime.fromisoformat(str(told)))
    except (ValueError, OverflowError) as fault:
        raise ClinicFileError(
            f"'{told}' is no time", where=where, remedy='Write it as "2026-11-26T08:00".'
        ) from fault


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


class _Reader:
    def __init__(self, file: Path) -> None:
        self.file = file

    def whole(self, told: Mapping[str, Any]) -> ArchiveSettings:
        self._known(told, {"listener", "node", "rule", "watch", "scrub_days", "mirror"}, "file")
        nodes = tuple(self._node(one) for one in self._list(told, "node"))
        self._once([one.title for one in nodes], "node")
        rules = tuple(self._rule(one, nodes) for one in self._list(told, "rule"))
        self._once([one.name for one in rules], "rule")
        mirror = self._table(told, "mirror")
        self._known(mirror, {"nodes", "hour"}, "[mirror]")
        made = ArchiveSettings(
            listener=self._listener(self._table(told, "listener"), nodes),
            nodes=nodes,
            rules=rules,
            watched=tuple(self._watched(one) for one in self._list(told, "watch")),
            scrub_days=self._number(told, "scrub_days", 7.0, 0, 3650),
            mirrors=self._texts(mirror, "nodes"),
            mirror_hour=int(self._number(mirror, "hour", 2, 0, 23)),
        )
        for name in made.mirrors:
            made.node(name)
        return made

    def _listener(self, told: Mapping[str, Any], nodes: tuple[Node, ...]) -> ListenerSettings:
        self._known(
            told, {"ae_title", "host", "port", "associations", "tls", "patience_s"}, "[listener]"
        )
        made = ListenerSettings(
            ae_title=self._ae_title(told, "EQS"),
            host=self._text(told, "host", "127.0.0.1"),
            port=int(self._number(told, "port", 11112, 0, 65535)),
            nodes=tuple(one for one in nodes if one.kind is Kind.DIMSE),
            associations=int(self._number(told, "associations", 50, 1, 500)),
            tls=self._tls(told["tls"]) if "tls" in told else None,
            patience_s=self._number(told, "patience_s", 60.0, 1, 3600),
        )
        if made.is_open and not made.nodes:
            raise self._fault(
                f"the listener is open to other computers at {made.host} and no node is named",
                "Name each system that may send or ask as [[node]], or leave host at 127.0.0.1.",
            )
        return made

    def _tls(self, told: Any) -> TlsFiles:  # noqa: ANN401  (TOML)
        names = {one.name for one in fields(TlsFiles)}
        if not isinstance(told, dict) or set(told) != names:
            raise self._fault(
                "[listener.tls] is not complete", f"Give {', '.join(sorted(names))}: PEM files."
            )
        return TlsFiles(**{name: self.file.parent / str(value) for name, value in told.items()})

    def _node(self, told: Mapping[str, Any]) -> Node:
        self._known(told, {one.name for one in fields(Node)}, "[[node]]")
        kind = self._text(told, "kind", Kind.DIMSE)
        if kind not in list(Kind):
            raise self._fault(f"'{kind}' is no kind of node", f"Write {' or '.join(Kind)}.")
        web = kind == Kind.WEB
        if web and not self._text(told, "url", "").startswith(("http://", "https://")):
            raise self._fault("a DICOMweb node has no url", 'Give url = "https://...".')
        addresses = self._texts(told, "addresses")
        for one in addresses:
            self._address(one)
        return Node(
            ae_title="" if web else self._ae_title(told, None),
            host=self._text(told, "host", "" if web else None),
            port=int(self._number(told, "port", 0, 0, 65535)),
            name=self._text(told, "name", ""),
            addresses=addresses,
            kind=Kind(kind),
            url=self._text(told, "url", ""),
            user=self._text(told, "user", ""),
            tls=bool(told.get("tls", False)),
            tls_name=self._text(told, "tls_name", ""),
            parallel=int(self._number(told, "parallel", 2, 1, 16)),
        )

    def _rule(self, told: Mapping[str, Any], nodes: tuple[Node, ...]) -> Rule:
        self._known(told, {one.name for one in fields(Rule)}, "[[rule]]")
        made = Rule(
            name=self._text(told, "name", None),
            send=self._text(told, "send", None),
            modality=tuple(one.upper() for one in self._texts(told, "modality")),
            approval=self._text(told, "approval", "").upper(),
            calling=self._texts(told, "calling"),
            set_complete=bool(told.get("set_complete", False)),
            whole_set=bool(told.get("whole_set", False)),
            pseudonymise=bool(told.get("pseudonymise", False)),
            since=time_of(told.get("since", ""), self.file.name),
        )
        if not made.name.strip():
            raise self._fault("a rule has no name", 'Give name = "...": it stands in the log.')
        if made.send not in {name for one in nodes for name in (one.name, one.ae_title) if name}:
            raise self._fault(
                f"the rule '{made.name}' sends to '{made.send}', which is no node",
                "Add a [[node]] of this name, or correct the rule.",
            )
        return made

    def _watched(self, told: Mapping[str, Any]) -> WatchedFolder:
        self._known(told, {"folder", "every_s"}, "[[watch]]")
        folder = Path(self._text(told, "folder", None))
        return WatchedFolder(
            self.file.parent / folder, self._number(told, "every_s", 30.0, 1, 86400)
        )

    # Values.

    def _ae_title(self, told: Mapping[str, Any], otherwise: str | None) -> str:
        title = self._text(told, "ae_title", otherwise).strip()
        if not title or len(title) > AE_LONGEST or not title.isascii() or "\\" in title:
            raise self._fault(
                f"'{title}' is no AE title", f"Give 1 to {AE_LONGEST} plain characters."
            )
        return title

    def _address(self, text: str) -> None:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError as fault:
            raise self._fault(
                f"'{text}' is no address and no network", "Write it as 10.1.2.3 or 10.1.0.0/16."
            ) from fault

    def _text(self, told: Mapping[str, Any], key: str, otherwise: str | None) -> str:
        value = told.get(key, otherwise)
        if not isinstance(value, str):
            what = f"{key} is missing" if value is None else f"{key} is no text"
            raise self._fault(what, f'Write {key} = "...".')
        return value

    def _texts(self, told: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = told.get(key, [])
        many = [value] if isinstance(value, str) else value
        if not isinstance(many, list) or not all(isinstance(one, str) for one in many):
            raise self._fault(f"{key} is no list of texts", f'Write {key} = ["...", "..."].')
        return tuple(many)

    def _number(
        self, told: Mapping[str, Any], key: str, otherwise: float, least: float, most: float
    ) -> float:
        value = told.get(key, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._fault(f"{key} is no number", f"Write a number without quotes for {key}.")
        if not least <= value <= most:
            raise self._fault(f"{key} = {value:g}", f"Choose {least:g} to {most:g}.")
        return value

    def _table(self, told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = told.get(key, {})
        if not isinstance(value, dict):
            raise self._fault(f"{key} is no table", f"Write [{key}] on a line of its own.")
        return value

    def _list(self, told: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        value = told.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._fault(f"{key} is no list", f"Write [[{key}]] on a line of its own.")
        return value

    def _known(self, told: Mapping[str, Any], names: Collection[str], part: str) -> None:
        for name in told:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                raise self._fault(
                    f"{part} has the unknown line '{name}'",
                    f"Did you mean '{near[0]}'?" if near else "Remove it.",
                )

    def _once(self, names: list[str], part: str) -> None:
        twice = next((one for one in names if names.count(one) > 1), None)
        if twice is not None:
            raise self._fault(f"two {part}s are called '{twice}'", "Give each its own name.")

    def _fault(self, what: str, remedy: str) -> ClinicFileError:
        return ClinicFileError(what, where=self.file.name, remedy=remedy)
