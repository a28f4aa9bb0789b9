"""The `isthmus` command: arguments in, exit code out. Each command lives in a module that is imported when it runs."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import cast

from isthmus import __version__
from isthmus.app.arguments import build_parser
from isthmus.app.output import EXIT_BAD_USE, EXIT_FOUND, EXIT_MISSING, error_object, note, print_json
from isthmus.kernel.errors import BadInput, Damaged, IsthmusError, PartMissing

EXIT_INTERRUPTED = 130
EXIT_READER_GONE = 141

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; every fault of a command ends here."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except IsthmusError as fault:
        return _report(fault, as_json="--json" in words)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_READER_GONE
    except OSError as fault:
        reason = fault.strerror or str(fault)
        return _report(BadInput(str(fault.filename) if fault.filename else None, reason), as_json="--json" in words)


def _run(words: list[str]) -> int:
    parser = build_parser(__version__)
    if not words:
        parser.print_help(sys.stderr)
        return EXIT_BAD_USE
    arguments = parser.parse_args(words)
    return command_of(arguments.runner)(arguments)


def command_of(runner: str) -> Command:
    """The function that "module:function" names; imports the module."""
    module, _, function = runner.partition(":")
    return cast(Command, getattr(importlib.import_module(module), function))


def _report(fault: IsthmusError, as_json: bool) -> int:
    field, line = (fault.field, fault.line) if isinstance(fault, BadInput) else (None, None)
    reason = fault.reason if isinstance(fault, BadInput) else str(fault)
    if as_json:
        print_json(error_object(field, reason, line))
    else:
        note(f"isthmus: {fault}")
    return exit_code(fault)


def exit_code(fault: IsthmusError) -> int:
    """2 bad use or an outside failure, 1 damage, 4 a missing part."""
    if isinstance(fault, Damaged):
        return EXIT_FOUND
    if isinstance(fault, PartMissing):
        return EXIT_MISSING
    return EXIT_BAD_USE
