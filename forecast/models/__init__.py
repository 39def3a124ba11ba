"""Neural networks: one file an architecture, all on the contract of base.py."""
