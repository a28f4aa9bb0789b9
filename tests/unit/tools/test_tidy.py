"""The house rules find what they are for, so that a green `make check` means something."""

import ast
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[3] / "tools"


@pytest.fixture(autouse=True)
def tools_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    for name in ("tidy", "sources", "duplicates"):
        sys.modules.pop(name, None)


def wrongs(source: str, path: str) -> list[str]:
    import tidy

    return [wrong for node in ast.walk(ast.parse(source)) for _, wrong in tidy.node_rules(Path(path), node)]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import time\nnow = time.time()", "reads a clock"),
        ("from datetime import datetime\nnow = datetime.now()", "reads a clock"),
        ("import uuid\nname = uuid.uuid4()", "takes chance"),
        ("import os\nhome = os.environ['HOME']", "reads the environment"),
        ("from isthmus._core import Engine", "imports isthmus._core"),
    ],
)
def test_a_domain_may_not(source: str, said: str) -> None:
    assert any(wrong.startswith(said) for wrong in wrongs(source, "src/isthmus/venues/house.py"))


@pytest.mark.parametrize("source", ["import time\nnow = time.time()", "from isthmus._core import Engine"])
def test_app_may(source: str) -> None:
    assert wrongs(source, "src/isthmus/app/serve.py") == []


def test_long_functions_and_argument_lists_are_measured() -> None:
    import tidy

    source = "def f(self, a, b, *, c):\n" + "    a\n" * 70
    sizes = {place: size for place, size, *_ in tidy.python_functions(Path("src/x.py"), ast.parse(source))}
    assert sizes == {"src/x.py:f": 71, "src/x.py:f()": 3}


def test_rust_functions_are_measured_to_their_brace() -> None:
    import tidy

    lines = ["impl X {", "    pub fn f(&self) {", "        if a {", "        }", "    }", "    fn g();", "}"]
    assert list(tidy.rust_functions(Path("x.rs"), lines)) == [("x.rs:f", 4, tidy.FUNCTION_LINES_MAX, "lines")]


@pytest.mark.parametrize(
    ("line", "breach"),
    [
        ("open('/" + "home/ada/data')", True),
        ("cp /" + "work/x y", True),
        ("see docs/" + "work/plan", False),
        ("GET /v1/" + "work/orders", False),
    ],
)
def test_paths_of_a_machine_are_found(line: str, breach: bool) -> None:
    import tidy

    assert bool(tidy.MACHINE_PATHS.search(line)) is breach


def test_repeated_runs_are_found_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duplicates
    import sources

    monkeypatch.setattr(sources, "ROOT", tmp_path)
    run = "\n".join(f"    step_{number}()" for number in range(duplicates.RUN + 5))
    (tmp_path / "a.py").write_text(f"def first():\n{run}\n")
    (tmp_path / "b.py").write_text(f"def second():\n    start()\n{run}\n")
    monkeypatch.setattr(duplicates, "code_files", lambda *folders: [Path("a.py"), Path("b.py")])
    assert duplicates.repeats() == [("a.py:2", "b.py:3")]
