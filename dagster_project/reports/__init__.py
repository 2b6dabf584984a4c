"""What leaves the office: the official report, annex, quality report and open data of a release.

Reads a release and nothing else; computes no figure.
"""
