"""Forms that reporting units fill in: what they print, and the workbooks themselves.

Reading a filled form back belongs to ``intake``.
"""
