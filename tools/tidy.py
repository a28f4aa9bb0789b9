"""The house rules that no linter knows (STYLE.md, ARCHITECTURE.md). Prints each breach; exit 1 if there is one.

What is larger than a rule allows and has its reason stands in tools/tidy.toml with its size, which may only shrink.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from sources import ROOT, code_files, files, text_of

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
ARGUMENTS_MAX = 5

PACKAGE_WORDS = ("Owns:", "Takes:", "Emits:", "Never:")
CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.datetime.now", "date.today"}
CHANCE = {"uuid.uuid4", "uuid.uuid1", "os.urandom", "secrets.token_bytes", "secrets.token_hex"}
ENVIRONMENT = {"os.environ", "os.getenv"}
EDGES = ("src/isthmus/app/", "src/isthmus/gateways/")
CLOCK_OWNERS = (*EDGES, "src/isthmus/kernel/clock.py")
CORE_USERS = ("src/isthmus/app/", "src/isthmus/engine/", "src/isthmus/kernel/", "src/isthmus/views/")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:[r]oot|[w]ork|home/\w+|Users/\w+)/|[.]library/|--find-links [/h]")
LEFT_OVERS = re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX)\b")
RUST_FUNCTION = re.compile(r"^(?P<indent> *)(?:pub(?:\([^)]*\))? )?(?:const )?(?:unsafe )?fn (?P<name>\w+)")

Breach = tuple[str, str]
"""(place, what is wrong)"""


def breaches() -> Iterator[Breach]:
    """Every breach, over all rules."""
    yield from sizes()
    for path in code_files("src/isthmus/"):
        if path.suffix == ".py":
            yield from python_rules(path)
    for path in files():
        yield from text_rules(path)


def sizes() -> Iterator[Breach]:
    """Files, functions and argument lists that are too long, held against the ratchet."""
    allowed: dict[str, int] = tomllib.loads((ROOT / "tools/tidy.toml").read_text())["allowed"]
    largest: dict[str, int] = {}
    for place, size, limit, what in measured():
        largest[place] = max(size - limit, largest.get(place, size - limit))
        if size > allowed.get(place, limit):
            yield place, f"{size} {what}, at most {allowed.get(place, limit)}"
    for place in allowed:
        if largest.get(place, 0) <= 0:
            yield place, "needs no entry in tools/tidy.toml any more"


def measured() -> Iterator[tuple[str, int, int, str]]:
    """(place, size, limit, unit) of everything that has a limit."""
    for path in code_files("src/", "crates/", "web/src/", "tests/", "tools/", "bench/", "examples/"):
        text = text_of(path)
        yield str(path), text.count("\n"), FILE_LINES_MAX, "lines"
        if path.suffix == ".py":
            yield from python_functions(path, ast.parse(text))
        elif path.suffix == ".rs":
            yield from rust_functions(path, text.splitlines())


def python_functions(path: Path, tree: ast.Module) -> Iterator[tuple[str, int, int, str]]:
    """Lines and arguments (self and cls aside) of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [argument.arg for argument in node.args.posonlyargs + node.args.args + node.args.kwonlyargs]
            count = len(names) - (names[:1] in (["self"], ["cls"]))
            yield f"{path}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1, FUNCTION_LINES_MAX, "lines"
            if path.parts[0] != "tests":
                yield f"{path}:{node.name}()", count, ARGUMENTS_MAX, "arguments"


def rust_functions(path: Path, lines: list[str]) -> Iterator[tuple[str, int, int, str]]:
    """Lines of every function; rustfmt closes each at the indentation where it starts."""
    for start, line in enumerate(lines):
        if (found := RUST_FUNCTION.match(line)) and not line.endswith(";"):
            close = found["indent"] + "}"
            end = next((at for at in range(start, len(lines)) if lines[at] == close), start)
            yield f"{path}:{found['name']}", end - start + 1, FUNCTION_LINES_MAX, "lines"


def python_rules(path: Path) -> Iterator[Breach]:
    """Docstrings, clocks, chance, environment and who may name the extension."""
    tree = ast.parse(text_of(path))
    said = ast.get_docstring(tree) or ""
    if not said:
        yield str(path), "has no docstring"
    elif path.name == "__init__.py" and path.parent.parent == Path("src/isthmus"):
        for word in PACKAGE_WORDS:
            if word not in said:
                yield str(path), f"its docstring does not say what the package {word[:-1].lower()}"
    for node in ast.walk(tree):
        yield from node_rules(path, node)


def node_rules(path: Path, node: ast.AST) -> Iterator[Breach]:
    """What one node of the tree breaks."""
    place = f"{path}:{getattr(node, 'lineno', 0)}"
    if isinstance(node, ast.Attribute | ast.Name):
        name = ast.unparse(node)
        if name in CLOCKS and not str(path).startswith(CLOCK_OWNERS):
            yield place, f"reads a clock ({name}); take a Clock or a stamp"
        if name in CHANCE and not str(path).startswith(EDGES):
            yield place, f"takes chance ({name}); have it handed in"
        if name in ENVIRONMENT and not str(path).startswith("src/isthmus/app/"):
            yield place, "reads the environment; only app does"
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if "isthmus._core" in names and not str(path).startswith(CORE_USERS):
        yield place, "imports isthmus._core; go through isthmus.engine"


def text_rules(path: Path) -> Iterator[Breach]:
    """What must stand in no file: paths of a machine, left-over notes, PyO3 outside its crate."""
    if path.suffix in {".lock", ".png", ".svg"} or path.name == "package-lock.json":
        return
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if MACHINE_PATHS.search(line):
            yield f"{path}:{number}", "names a path of one machine"
        if path.suffix in {".py", ".rs", ".ts", ".tsx", ".toml", ".sh"} and LEFT_OVERS.search(line):
            yield f"{path}:{number}", "leaves work behind; do it or open an issue"
        if (
            path.suffix in {".rs", ".toml"}
            and "pyo3" in line
            and path.parts[:2] in {("crates", "core"), ("crates", "execution")}
        ):
            yield f"{path}:{number}", "knows PyO3; only crates/python does"


if __name__ == "__main__":
    found = sorted(set(breaches()))
    for place, wrong in found:
        print(f"{place}: {wrong}")
    sys.exit(bool(found))
