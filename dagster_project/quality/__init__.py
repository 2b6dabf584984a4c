"""The gate, findings, and what units are told about them; what a cell means is decided elsewhere."""
