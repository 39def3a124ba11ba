"""Forecasts that were made elsewhere, beside this toolkit's own: read, checked, scored on the same rows."""
