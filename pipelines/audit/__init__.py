"""Audit a folder of portraits: one row a picture, and a report over all of them."""
