"""Layers that several networks share, each with the size of its output."""
