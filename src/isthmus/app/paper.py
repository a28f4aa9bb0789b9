"""A page on paper: HTML printed to PDF by a Chromium that is found here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from isthmus.kernel.errors import BadInput, PartMissing

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Programs that print, in the order in which they are looked for on the path."""
TIMEOUT_S = 120


def browser() -> str:
    """The first of BROWSERS on the path. Raises PartMissing."""
    found = next((found for name in BROWSERS if (found := shutil.which(name)) is not None), None)
    if found is None:
        raise PartMissing("Chromium", f"a PDF is printed by one of {', '.join(BROWSERS)}; none is on the path")
    return found


def print_page(page: str, to: Path) -> None:
    """Write the page as PDF. Raises PartMissing, BadInput when the browser does not print, OSError."""
    program = browser()
    with tempfile.TemporaryDirectory() as folder:
        source, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8")
        words = [program, "--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile"]
        words += ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root with one
        try:
            done = subprocess.run(
                [*words, f"--print-to-pdf={printed}", source.as_uri()],
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BadInput("pdf", f"{program} did not print within {TIMEOUT_S} s") from error
        if done.returncode or not printed.is_file():
            raise BadInput("pdf", f"{program} did not print: {done.stderr.strip()[-200:]}")
        shutil.copyfile(printed, to)
