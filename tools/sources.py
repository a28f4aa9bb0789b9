"""The project's own text files, as git sees them: tracked, and new ones that are not ignored."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = ("_pb2.py", "_pb2_grpc.py")
"""Ends of the names of code that a generator wrote."""
CODE = (".py", ".rs", ".ts", ".tsx", ".css", ".sh")


def files() -> Iterator[Path]:
    """Paths relative to the repository, in order."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in sorted(set(listed.split("\0")) - {""}):
        if (ROOT / name).is_file():
            yield Path(name)


def code_files(*folders: str) -> Iterator[Path]:
    """Source files, of some top folders or of all."""
    for path in files():
        if path.suffix in CODE and not path.name.endswith(MADE) and (not folders or str(path).startswith(folders)):
            yield path


def text_of(path: Path) -> str:
    """The file's text; empty for what is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
