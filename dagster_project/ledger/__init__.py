"""What happened and what people decided: SQLAlchemy Core, SQLite by default, PostgreSQL by URL.

Receipts and acts are appended, never changed. Figures, catalogue rows and releases do not live here.
"""
