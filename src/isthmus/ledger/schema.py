"""Tables of the books, the same in SQLite and PostgreSQL (docs/reference/books.md).

Postings are never changed: a trigger refuses it. What is wrong is set right by another posting; books that are wrong as
a whole are made anew from the journal.
"""

from __future__ import annotations

VERSION = 1

SQLITE_TYPES = {
    "whole": "INTEGER",
    "number": "INTEGER",
    "small": "INTEGER",
    "wide": "",
    "bytes": "BLOB",
    "rowless": " WITHOUT ROWID",
}
"""A balance has no declared type in SQLite: it is an INTEGER, or its digits as TEXT where it is over 64 bits."""
POSTGRES_TYPES = {
    "whole": "BIGINT",
    "number": "INTEGER",
    "small": "SMALLINT",
    "wide": "NUMERIC(39, 0)",
    "bytes": "BYTEA",
    "rowless": "",
}

TABLES = (
    """CREATE TABLE assets (
    number {whole} PRIMARY KEY, code TEXT NOT NULL UNIQUE, decimals {whole} NOT NULL, listed {whole} NOT NULL)""",
    """CREATE TABLE accounts (
    number {whole} PRIMARY KEY, path TEXT NOT NULL UNIQUE, class TEXT NOT NULL, kind {whole} NOT NULL,
    side TEXT NOT NULL, normal_side TEXT NOT NULL, opened {whole} NOT NULL)""",
    """CREATE TABLE postings (
    sequence {whole} NOT NULL, stamp {whole} NOT NULL, place {number} NOT NULL, source {number} NOT NULL,
    target {number} NOT NULL, asset {number} NOT NULL, template {small} NOT NULL,
    amount {whole} NOT NULL CHECK (amount > 0), PRIMARY KEY (sequence, place)){rowless}""",
    """CREATE TABLE balances (
    account {whole} NOT NULL, asset {whole} NOT NULL, amount {wide} NOT NULL, sequence {whole} NOT NULL,
    PRIMARY KEY (account, asset)){rowless}""",
    """CREATE TABLE balance_history (
    account {whole} NOT NULL, asset {whole} NOT NULL, sequence {whole} NOT NULL, amount {wide} NOT NULL,
    PRIMARY KEY (account, asset, sequence)){rowless}""",
    """CREATE TABLE stretches (
    last {whole} PRIMARY KEY, first {whole} NOT NULL, stamp {whole} NOT NULL, postings {whole} NOT NULL)""",
    "CREATE TABLE noted (sequence {whole} PRIMARY KEY, body {bytes} NOT NULL)",
    "CREATE TABLE templates (number {whole} PRIMARY KEY, name TEXT NOT NULL)",
    """CREATE TABLE progress (
    one {whole} PRIMARY KEY CHECK (one = 1), version {whole} NOT NULL, sequence {whole} NOT NULL,
    stamp {whole} NOT NULL, head {bytes} NOT NULL, postings {whole} NOT NULL)""",
)
NAMES = (
    "progress", "templates", "noted", "stretches", "balance_history", "balances", "postings", "accounts",
    "assets",
)  # fmt: skip
INDEXES = ("CREATE INDEX stretches_by_stamp ON stretches (stamp)",)
SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER postings_no_{what.lower()} BEFORE {what} ON postings "
    "BEGIN SELECT RAISE(ABORT, 'postings are immutable'); END"
    for what in ("UPDATE", "DELETE")
)
POSTGRES_TRIGGERS = (
    """CREATE OR REPLACE FUNCTION postings_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'postings are immutable'; END $$""",
    """CREATE TRIGGER postings_stay BEFORE UPDATE OR DELETE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION postings_stay()""",
)

ADD_ASSET = "INSERT INTO assets (number, code, decimals, listed) VALUES ($1, $2, $3, $4)"
ADD_ACCOUNT = (
    "INSERT INTO accounts (number, path, class, kind, side, normal_side, opened) VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
ADD_STRETCH = "INSERT INTO stretches (last, first, stamp, postings) VALUES ($1, $2, $3, $4)"
ADD_NOTED = "INSERT INTO noted (sequence, body) VALUES ($1, $2)"
ADD_TEMPLATE = "INSERT INTO templates (number, name) VALUES ($1, $2)"
ONE_BALANCE = "VALUES ($1, $2, $3, $4)"
SET_BALANCE = (
    f"INSERT INTO balances (account, asset, amount, sequence) {ONE_BALANCE} "
    "ON CONFLICT (account, asset) DO UPDATE SET amount = excluded.amount, sequence = excluded.sequence"
)
ADD_HISTORY = f"INSERT INTO balance_history (account, asset, amount, sequence) {ONE_BALANCE}"
BEGIN_PROGRESS = "INSERT INTO progress (one, version, sequence, stamp, head, postings) VALUES (1, $1, $2, $3, $4, $5)"
MOVE_PROGRESS = (
    "UPDATE progress SET sequence = $1, stamp = $2, head = $3, postings = $4 WHERE sequence = $5 AND head = $6"
)
READ_PROGRESS = "SELECT version, sequence, stamp, head, postings FROM progress"
READ_NOTED = "SELECT body FROM noted ORDER BY sequence"
READ_ACCOUNTS = "SELECT number, path, class, kind, side, normal_side, opened FROM accounts ORDER BY number"
READ_ASSETS = "SELECT number, code, decimals, listed FROM assets ORDER BY number"
READ_BALANCES = "SELECT account, asset, amount FROM balances"
