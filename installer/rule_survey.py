"""What the source itself says of each rule: its words, states, remedies, limits.

Read from the syntax tree: a help page made of it cannot say anything else than the program.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FILTER, LEX = CHECKOUT / "app" / "filter", CHECKOUT / "app" / "lex"
OF_FILTER = re.compile(r"[FB](-[A-Z0-9]+)+")
OF_LEX = re.compile(r"LEX-[A-Z]+[0-9]*")
NEED = re.compile(r"\b[RLO]-\d\d\b")
STATES = {"ERROR", "WARNING", "NOT_RUN", "MANUAL", "INFO", "PASS"}
OPEN = "…"


@dataclass(slots=True)
class Said:
    """Everything the source says of one rule; lists without doubles, in the source's order.

    Attributes:
        messages: The sentence of a finding, its changing parts as "…".
        asks: First line of the docstring of each function that gives the finding.
        needs: Requirement IDs named there, or else in the module's docstring.
        limits: Limits the function reads itself, as "group.name".

    """

    rule: str
    messages: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)


def _add(row: list[str], *words: str) -> None:
    row += [one for one in dict.fromkeys(words) if one and one not in row]


class _Module:
    """One source file with its constants and functions."""

    def __init__(self, file: Path) -> None:
        self.tree = ast.parse(file.read_text(encoding="utf-8"))
        self.doc = ast.get_docstring(self.tree) or ""
        self.constants = _constants(self.tree)
        self.own = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        self.functions = {node.name: node for node in self.own}

    def take_imports(self, modules: dict[str, "_Module"]) -> None:
        """Take over constants and helpers that come from other files of the room."""
        for node in self.tree.body:
            other = modules.get(node.module or "") if isinstance(node, ast.ImportFrom) else None
            for alias in node.names if isinstance(node, ast.ImportFrom) and other else ():
                if other is not None and alias.name in other.constants:
                    self.constants.setdefault(alias.name, other.constants[alias.name])
                if other is not None and alias.name in other.functions:
                    self.functions.setdefault(alias.name, other.functions[alias.name])

    def text(self, node: ast.expr, local: dict[str, ast.expr]) -> str:
        """Return a text as the user reads it, "…" for what changes."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else OPEN
        if isinstance(node, ast.JoinedStr):
            return "".join(self.text(one, local) for one in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.text(node.left, local) + self.text(node.right, local)
        if isinstance(node, ast.Name):
            known = local.get(node.id) or self.constants.get(node.id)
            return self.text(known, {}) if known is not None else OPEN
        return OPEN

    def texts(self, node: ast.expr, local: dict[str, ast.expr]) -> list[str]:
        """Return every form a text can take: both branches of a choice."""
        if isinstance(node, ast.IfExp):
            return self.texts(node.body, local) + self.texts(node.orelse, local)
        if isinstance(node, ast.Name) and isinstance(local.get(node.id), ast.IfExp):
            return self.texts(local[node.id], local)
        return [re.sub(rf"{OPEN}(\s*{OPEN})*", OPEN, self.text(node, local)).strip()]

    def states(self, call: ast.Call, name: str) -> list[str]:
        """Return the states a call names itself, else those its helper gives."""
        own = _states_in(call)
        helper = self.functions.get(name)
        if not own and helper is not None:
            return _states_in(helper)
        return own

    def remedies(self, call: ast.Call, name: str, local: dict[str, ast.expr]) -> list[str]:
        """Return the remedies of a call, else those of its helper."""
        found = [one for key in call.keywords if key.arg == "remedy"
                 for one in self.texts(key.value, local)]  # fmt: skip
        helper = self.functions.get(name)
        if not found and helper is not None:
            for inner in ast.walk(helper):
                if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "Finding":
                    found += self.remedies(inner, "", {})
        return [one for one in found if one and one != OPEN]


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name):
                found[target.id] = node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                found |= {one.id: value for one, value in pairs if isinstance(one, ast.Name)}
    return found


def _states_in(node: ast.AST) -> list[str]:
    found = [
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and one.attr in STATES
        and isinstance(one.value, ast.Name) and one.value.id == "State"
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def _locals(function: ast.FunctionDef, line: int) -> dict[str, ast.expr]:
    """Return what names were last given before a line."""
    given = [
        (node.lineno, target.id, node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and node.lineno <= line
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return {name: value for _, name, value in sorted(given, key=lambda row: row[0])}


def _rules_of(call: ast.Call, module: _Module, pattern: re.Pattern[str]) -> list[str]:
    """Return the rules a call gives a finding of; none for any other call."""
    if not call.args or isinstance(call.func, ast.Attribute):
        return []
    first = call.args[0]
    if isinstance(first, ast.IfExp):
        first_texts = module.texts(first, {})
    elif isinstance(first, ast.Subscript) and isinstance(first.value, ast.Name):
        row = module.constants.get(first.value.id)
        keys = row.keys if isinstance(row, ast.Dict) else []
        values = row.values if isinstance(row, ast.Dict) else []
        wanted = ast.unparse(first.slice)
        first_texts = [
            module.text(value, {})
            for key, value in zip(keys, values, strict=True)
            if key is not None and ast.unparse(key) == wanted
        ]
    elif isinstance(first, ast.Constant | ast.Name):
        first_texts = [module.text(first, {})]
    else:
        return []
    return [one for one in first_texts if pattern.fullmatch(one)]


def _message(call: ast.Call) -> ast.expr | None:
    """Return the argument that is the sentence: the first that is a text or a name of one."""
    for one in call.args[1:]:
        if isinstance(one, ast.JoinedStr | ast.IfExp | ast.BinOp):
            return one
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and " " in one.value:
            return one
        if isinstance(one, ast.Name) and one.id in ("words", "message", "note"):
            return one
    return None


def _limits_in(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
            and ast.unparse(node.value).endswith("limits")
        ):
            yield node.slice.value
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("words", "numbers", "pattern")
            and ast.unparse(node.func.value).endswith("rules")
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


@lru_cache(maxsize=4)
def survey(folder: Path = FILTER, pattern: re.Pattern[str] = OF_FILTER) -> dict[str, Said]:
    """Return every rule that has a name of its own in the source of a room, by that name."""
    modules = {
        ".".join(file.relative_to(CHECKOUT).with_suffix("").parts): _Module(file)
        for file in sorted(folder.rglob("*.py"))
    }
    found: dict[str, Said] = {}
    for module in modules.values():
        module.take_imports(modules)
        for function in module.own:
            for call in ast.walk(function):
                if isinstance(call, ast.Call):
                    for rule in _rules_of(call, module, pattern):
                        _take(found.setdefault(rule, Said(rule)), module, function, call)
    return dict(sorted(found.items()))


def _take(said: Said, module: _Module, function: ast.FunctionDef, call: ast.Call) -> None:
    local = _locals(function, call.lineno)
    name = ast.unparse(call.func)
    message = _message(call)
    if message is not None:
        _add(said.messages, *(one for one in module.texts(message, local) if one != OPEN))
    states = module.states(call, name)
    if not states and isinstance(local.get("state"), ast.expr):
        states = _states_in(local["state"])
    _add(said.states, *(one for one in states if one != "PASS"))
    _add(said.remedies, *module.remedies(call, name, local))
    doc = ast.get_docstring(function) or ""
    _add(said.asks, doc.partition("\n")[0])
    _add(said.needs, *(NEED.findall(doc) or NEED.findall(module.doc)))
    _add(said.limits, *_limits_in(function))
