"""The explore grid: one portrait with two settings that vary along rows and columns."""
