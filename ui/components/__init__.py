"""Parts of the page, each with `render()` (what it looks like) and `listen()` (what it does)."""
