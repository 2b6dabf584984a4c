"""From a file that arrived to cells with coordinates, bound to their meaning and parsed.

Knows the catalogue, not dbt: what the figures add up to belongs to the models.
"""
