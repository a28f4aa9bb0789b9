"""Reads a journal from its first record and adds up the postings: they make every balance, and nothing else does.

Run: python examples/add_up.py DATA

Works while a server holds the folder, since reading takes no lock. The engine here only re-runs the commands, to say
what the balances should be and which postings a trade stands for.
"""

import sys
from collections import defaultdict

from isthmus.engine.engine import Engine, JournalReader
from isthmus.kernel.messages import SYSTEM_ACCOUNTS, TEMPLATES

CLOCK_HELD = 1

balances: dict[tuple[int, int], int] = defaultdict(int)
turnover: dict[tuple[str, int], int] = defaultdict(int)
names = dict(SYSTEM_ACCOUNTS)
again, postings = Engine(), 0

for record in JournalReader(sys.argv[1]):
    held = record.flags & CLOCK_HELD
    repeated = again.submit(record.command, record.stamp - held, record.origin)
    assert repeated.hash == record.hash, f"record {record.sequence} is not what its command does"
    for effect in record.effects:
        if type(effect).__name__ == "AccountOpened":
            names[effect.account] = record.origin.text or f"account {effect.account}"
    for posting in again.postings(record):
        balances[posting.source, posting.asset] -= posting.amount
        balances[posting.target, posting.asset] += posting.amount
        turnover[TEMPLATES[posting.template], posting.asset] += posting.amount
        postings += 1

assets = {row["asset"]: row for row in again.assets()}
for (account, asset), minor in sorted(balances.items()):
    assert again.balance(account, asset)[0] == minor
    unit = assets[asset]
    print(f"{names.get(account, account):<20} {minor / 10 ** unit['decimals']:>24,.4f} {unit['code']}")
for (template, asset), minor in sorted(turnover.items()):
    unit = assets[asset]
    print(f"{'posted as ' + template:<20} {minor / 10 ** unit['decimals']:>24,.4f} {unit['code']}")
assert all(sum(minor for (_, of), minor in balances.items() if of == asset) == 0 for asset in assets)
print(f"{again.sequence:,} records, {postings:,} postings, every asset sums to zero, head {again.head.hex()}")
