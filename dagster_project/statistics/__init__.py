"""What years and areas say together: trends of yearly series, scores of indicators and groups.

Pure functions: polars frames in, typed frames out. Which series compare and which schemes apply is decided by the
caller; nothing here opens a database, runs dbt or reads a catalogue folder.
"""
