"""Train the network that finds eyeball and iris and reads the gaze (`gaze.eye_network`).

`examples` makes labelled pictures of eyes from portraits, crops and renders, `augmentation` varies
them, `network` is the network in PyTorch, and ``python -m training.eye_network`` trains it.
"""
