"""Data sets by name: one file each, or each family of one source."""
