"""Panels larger than memory: packed into files, and mapped from them."""
