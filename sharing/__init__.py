"""Links: looks in an address, published comparisons, their pages, votes and downloads."""
