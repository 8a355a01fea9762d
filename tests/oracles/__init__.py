"""Slow, obvious twins of every kernel and formula: numpy only, nothing of edgewise imported.

Each function restates the written definition as literally as it can and shares no code with what
it checks.
"""
