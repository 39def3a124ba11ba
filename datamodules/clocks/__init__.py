"""Frequencies, their names, and time zones."""
