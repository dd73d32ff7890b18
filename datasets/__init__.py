"""Pictures with known truth, shared by training and benchmarks: rendered heads and single eyes.

The page and the command line do not use this package.
"""
