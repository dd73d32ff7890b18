"""One look for every portrait of a folder: files, a table and a contact sheet."""
