"""Books of record, client money and custody, revenue, statements.

Owns: the chart of accounts, the tables of every posting in SQLite or PostgreSQL, reconciliation with custodian banks,
fees, invoices and statements. Takes: records of the engine and messages of banks. Emits: answers about any point in
time, differences by name, and commands where a balance must change. Never: changes a balance itself.
"""
