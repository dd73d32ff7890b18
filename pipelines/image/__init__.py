"""Pictures: bytes to pixels and back, colour, filters, crops, metadata, Content Credentials."""
