"""Books of record, client money and custody, revenue, statements.

Owns the chart of accounts, the projection of the journal's postings into SQLite or PostgreSQL, reconciliation with
custodian banks, fees, invoices and statements. Takes records of the engine and messages of banks; what changes a
balance goes back as a command. Never changes a balance itself.
"""
