"""Everything the page says: languages, texts, messages, numbers, and the HTML made of them."""
