"""The page's own parts: words, captions, looks of the page, and its components."""
