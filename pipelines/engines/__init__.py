"""What moves the eyes: geometry, the bundled eye model and engines from the hub.

`geometry` turns the eyes by itself. A network (`eye_controlnet`, `hub`) redraws what geometry
proposes; `generation` runs it in a loop that measures the gaze and corrects the aim.
"""
