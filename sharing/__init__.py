"""Links: looks in a URL, published comparisons, their pages, votes and downloads."""
