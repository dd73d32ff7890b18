"""What moves the eyes: geometry alone, or a network that redraws what geometry proposes.

`geometry` turns the eyes to a target. `generation` gives its result to a network (`eye_controlnet`,
bundled; `hub`, Stable Diffusion), measures the gaze and corrects the target (`closed_loop`).
"""
