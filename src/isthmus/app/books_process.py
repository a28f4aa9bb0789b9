"""The process that keeps the books, beside a server."""

from __future__ import annotations

from pathlib import Path

from isthmus.app.beside_process import BesideProcess
from isthmus.app.settings import BooksSettings


class BooksProcess(BesideProcess):
    """Runs `books_follower.py` where books are kept."""

    name = "books"
    module = "isthmus.app.books_follower"

    @classmethod
    def started(cls, data: Path, settings: BooksSettings) -> BooksProcess:
        """Beside the loop, where books are kept."""
        books = cls((str(data), settings.url, str(settings.every_s)))
        if settings.enabled:
            books.start()
        return books
