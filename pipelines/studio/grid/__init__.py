"""Many looks along two sides."""
