"""The server around the page: queue, middleware, health, metrics, request log, files."""
