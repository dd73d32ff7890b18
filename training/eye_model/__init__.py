"""Parts of `python -m training.train`: losses, validation and the model card."""
