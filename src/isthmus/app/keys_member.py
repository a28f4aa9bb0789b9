"""Who takes part in ceremonies: a folder with a certificate of his own, and the card by which the others know him."""

from __future__ import annotations

import datetime as dt
import getpass
import secrets
import ssl
import sys
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from isthmus.app.whole_file import read_json
from isthmus.audit.keys.asks import COORDINATOR, Card, Roster
from isthmus.audit.keys.kept import Kept
from isthmus.audit.keys.statement import Sign
from isthmus.audit.keys.vault import Vault, read_private, write_private
from isthmus.audit.places import audit_folder
from isthmus.kernel.errors import BadInput, Damaged

VAULT, CERTIFICATE, PRIVATE, CARD, ROSTER = "vault", "certificate.pem", "key.pem", "card.json", "roster.json"
YEARS = 10


def coordinator_folder(data: Path) -> Path:
    """Where the coordinator's certificate and the roster lie."""
    return audit_folder(data) / "coordinator"


def secret(prompt: str) -> str:
    """Typed unseen, or the next line of standard input. Never an argument: those are in the list of processes."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{prompt}: ", stream=sys.stderr)
    line = sys.stdin.readline()
    if not line:
        raise BadInput(prompt, "is missing: one line of standard input each, in the order that --help gives")
    return line.rstrip("\n")


def make_member(folder: Path, card: tuple[int, str, int], box: bytes, passphrase: str | None) -> Card:
    """A new certificate with its key; `card` is number, host, port. Raises BadInput where there is one, OSError."""
    number, host, port = card
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / PRIVATE).exists():
        raise BadInput("state", f"{folder} is of a holder already")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"isthmus keys {number}")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365 * YEARS))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate = made.public_bytes(pem)
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        locked = serialization.BestAvailableEncryption(passphrase.encode())
    (folder / CERTIFICATE).write_bytes(certificate)
    write_private(folder / PRIVATE, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked))
    found = Card(number, host, port, certificate.decode(), box)
    (folder / CARD).write_bytes(msgspec.json.encode(found))
    return found


def signing(folder: Path, passphrase: str) -> Sign:
    """The member's signature (ECDSA, SHA-256), by the key of his certificate. Raises BadInput."""
    try:
        key = serialization.load_pem_private_key(read_private(folder / PRIVATE), passphrase.encode())
    except ValueError as error:
        raise BadInput("passphrase", f"bad_passphrase: the key of {folder} does not open: {error}") from None
    assert isinstance(key, ec.EllipticCurvePrivateKey), "it was made so"
    return lambda content: key.sign(content, ec.ECDSA(hashes.SHA256()))


def read_card(path: Path) -> Card:
    """Raises BadInput."""
    return read_json(str(path), "card", Card)


def read_roster(path: Path) -> Roster:
    """Raises BadInput."""
    return read_json(str(path), "roster", Roster)


def read_kept(vault: Vault) -> Kept:
    """Raises BadInput, Damaged, OSError."""
    try:
        return msgspec.msgpack.decode(vault.read(), type=Kept)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(f"{vault.path}: {error}") from None


def write_kept(vault: Vault, kept: Kept) -> None:
    """Raises OSError."""
    vault.write(msgspec.msgpack.encode(kept))


def open_vault(folder: Path, passphrase: str) -> Vault:
    """Raises BadInput, Damaged, OSError."""
    return Vault(folder / VAULT, passphrase, secrets.token_bytes)


def tls(folder: Path, roster: Roster, passphrase: str | None, serving: bool) -> ssl.SSLContext:
    """TLS 1.3 with this member's certificate; certificates of the roster are believed, and nothing else.

    Raises BadInput loose_permissions, bad_passphrase.
    """
    read_private(folder / PRIVATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if serving else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Names mean nothing here: a peer is the holder whose certificate this is, byte by byte.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(folder / CERTIFICATE, folder / PRIVATE, password=passphrase or "")
    except (ssl.SSLError, OSError) as error:
        raise BadInput("passphrase", f"bad_passphrase: the key of {folder} does not open: {error}") from None
    believe(context, roster)
    return context


def believe(context: ssl.SSLContext, roster: Roster) -> None:
    """Lets peers of the roster in. Raises BadInput."""
    try:
        context.load_verify_locations(cadata="".join(card.certificate for card in roster.cards))
    except ssl.SSLError as error:
        raise BadInput("roster", f"has a certificate that is none: {error}") from None


def number_of(roster: Roster | None, certificate: bytes | None) -> int | None:
    """Whose certificate (DER) this is; None: nobody's."""
    for card in roster.cards if roster is not None else ():
        if certificate is not None and ssl.PEM_cert_to_DER_cert(card.certificate) == certificate:
            return card.number
    return None


def make_coordinator(data: Path) -> Card:
    """The coordinator's card; made at the first call."""
    folder = coordinator_folder(data)
    if (folder / PRIVATE).exists():
        return read_card(folder / CARD)
    return make_member(folder, (COORDINATOR, "", 0), b"", None)
