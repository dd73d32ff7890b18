"""Shared infrastructure: errors, messages, settings, cache, semaphores and devices."""
