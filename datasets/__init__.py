"""Pictures with known truth, for training and benchmarks: rendered heads, and eyes cut from photos.

The page and the command line do not need it.
"""
