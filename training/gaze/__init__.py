"""How the gaze estimator learns where eyes lie: from renders of exactly known eyes."""
