"""Reference data as typed objects: load, lint, export, import, confirm, and compile formulas into terms.

Knows CSV folders and polars frames. Does not know dbt, Dagster, workbooks of units or the ledger.
"""
