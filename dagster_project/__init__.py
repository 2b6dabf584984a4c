"""Kho Chỉ tiêu: an indicator warehouse for offices that report every year.

The package holds the rooms (catalogue, forms, intake, quality, warehouse, reports, ledger) and, in
``defs``, the Dagster orchestration over them. It does not hold reference data (``seeds/``), SQL that
shapes data (``dbt/``) or validation suites (``expectations/``).
"""

__version__ = "0.1.0"
