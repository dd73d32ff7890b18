"""What everything else stands on: errors, messages, caches, who may use the cores, devices."""
