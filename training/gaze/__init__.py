"""Train the regressions and fit the constants of the gaze estimator, on renders of known gaze."""
