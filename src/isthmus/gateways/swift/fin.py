"""FIN messages: blocks, fields, header, and the text of one from its fields. Grammar: SWIFT FIN, blocks 1 to 5."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from isthmus.engine.fin import fin_parse, fin_split

LOGICAL_TERMINAL = "A"
"""Of the sender, where nobody says which."""
RECEIVER_TERMINAL = "X"
BIC_LENGTHS = (8, 11)
HEAD_OFFICE = "X" * 3
"""The branch of a code of eight characters."""

Row = tuple[str, str]
"""(tag, value)"""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with the form of a message; `code` is the network's."""

    code: str
    block: str
    line: int
    message: str


class Block(msgspec.Struct, frozen=True):
    """One block: its text between colon and end, its fields or tags with the line of each."""

    name: str
    line: int
    content: str
    rows: tuple[tuple[str, str, int], ...]

    @property
    def fields(self) -> list[Row]:
        """[(tag, value)], in message order."""
        return [(tag, value) for tag, value, _ in self.rows]


class Header(msgspec.Struct, frozen=True):
    """Who sends what to whom: message type of three digits, business identifier codes of eleven characters."""

    message_type: str
    sender: str
    receiver: str
    direction: str = "I"
    """I: from the sender to the network; O: from the network to the receiver."""


class Fin(msgspec.Struct, frozen=True):
    """One message as it was written."""

    blocks: tuple[Block, ...]
    faults: tuple[Fault, ...]

    def block(self, name: str) -> Block | None:
        """The first block of that name."""
        return next((block for block in self.blocks if block.name == name), None)

    @property
    def fields(self) -> list[Row]:
        """The fields of block 4: [(tag, value)], `\\n` between the lines of a value."""
        block = self.block("4")
        return block.fields if block else []

    @property
    def message_type(self) -> str | None:
        """Three digits of block 2."""
        header = self.header
        return header.message_type if header else None

    @property
    def header(self) -> Header | None:
        """Of blocks 1 and 2; None when one is missing or too short to say it."""
        first, second = self.block("1"), self.block("2")
        if first is None or second is None or len(first.content) < 15 or second.content[:1] not in ("I", "O"):
            return None
        own, content = bic_of_terminal(first.content[3:15]), second.content
        if content[0] == "I" and len(content) >= 16:
            return Header(content[1:4], own, bic_of_terminal(content[4:16]), "I")
        if content[0] == "O" and len(content) >= 26:
            return Header(content[1:4], bic_of_terminal(content[14:26]), own, "O")
        return None


def parse_fin(text: str) -> Fin:
    """One message. What is malformed stands in `faults`; what can be read is read all the same."""
    blocks, faults = fin_parse(text)
    return Fin(
        tuple(Block(name, line, content, tuple(rows)) for name, line, content, rows in blocks),
        tuple(Fault(*fault) for fault in faults),
    )


def messages_of(text: str) -> list[str]:
    """The messages of a file (FIN, RJE, DOS-PCC), acknowledgements of service 21 among them."""
    return fin_split(text)


def bic_of_terminal(address: str) -> str:
    """The business identifier code in a logical terminal's address of twelve characters: the ninth is the terminal."""
    return address[:8] + address[9:12]


def full_bic(bic: str) -> str:
    """Eleven characters; eight stand for the head office."""
    return bic + HEAD_OFFICE if len(bic) == 8 else bic


def build_fin(header: Header, fields: Iterable[Row], user: Iterable[Row] = ()) -> str:
    """The text of an input message: `user` are tags of block 3. Lines end with CRLF, as the network wants them."""
    sender, receiver = full_bic(header.sender), full_bic(header.receiver)
    if len(sender) != 11 or len(receiver) != 11 or len(header.message_type) != 3:
        raise ValueError(f"header: {header}")
    tags = "".join(f"{{{tag}:{value}}}" for tag, value in user)
    third = f"{{3:{tags}}}" if tags else ""
    text = "".join(f":{tag}:{value}\n" for tag, value in fields).replace("\n", "\r\n")
    return (
        f"{{1:F01{sender[:8]}{LOGICAL_TERMINAL}{sender[8:]}0000000000}}"
        f"{{2:I{header.message_type}{receiver[:8]}{RECEIVER_TERMINAL}{receiver[8:]}N}}{third}{{4:\r\n{text}-}}"
    )
