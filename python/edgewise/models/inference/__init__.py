"""Whole images through networks that see a tile at a time."""
