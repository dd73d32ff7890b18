"""What stands around the page: headers, request logs, health and metrics."""
