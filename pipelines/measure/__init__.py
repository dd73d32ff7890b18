"""Original against result: likeness, texture, tone, quality, and the guards with their bounds."""
