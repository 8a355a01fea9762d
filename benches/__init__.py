"""Ratios to peers: the same work, the same inputs, the same thread count, values compared first."""
