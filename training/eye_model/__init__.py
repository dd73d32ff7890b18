"""What `python -m training.train` is made of: eyes, tasks, losses, sheets and the model card."""
