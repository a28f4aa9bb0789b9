"""Where the built terminal lies."""

from pathlib import Path


def terminal_folder() -> Path | None:
    """The built terminal: in the package, or in the checkout it was built in."""
    package = Path(__file__).parent / "terminal"
    checkout = Path(__file__).parents[3] / "web" / "dist"
    return next((folder for folder in (package, checkout) if (folder / "index.html").is_file()), None)
