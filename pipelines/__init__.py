"""Everything that touches pixels. Knows no user interface."""
