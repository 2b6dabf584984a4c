"""What an officer decides, checked against the catalogue and the current release before it is written.

All that is wrong with one decision is told at once. Writing belongs to ``ledger.decisions``, what follows for the
figures to the models.
"""
