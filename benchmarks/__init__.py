"""How good and how fast: each benchmark prints a table and writes JSON."""
