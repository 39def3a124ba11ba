"""Tuning: a search for better options of a network inside the training part, and its price on the test rows."""
