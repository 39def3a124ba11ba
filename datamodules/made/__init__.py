"""Columns that are made: from the clock, from holidays, from the target's own past."""
