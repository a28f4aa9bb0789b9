"""The tape of outside market data and the watch over wake-ups, re-exported from the extension."""

from isthmus._core import FolderLocked, Tape, TapeDamaged, TapeGone, TapeReader, Wakes, verify_tape

__all__ = ["FolderLocked", "Tape", "TapeDamaged", "TapeGone", "TapeReader", "Wakes", "verify_tape"]
