"""The build with dbt, releases, and read-only SQL over a release; only this room writes a DuckDB file."""
