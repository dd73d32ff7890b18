"""Render head-shots whose gaze is known exactly.

``python -m training.renders --identities N --out DIR`` builds heads from the CC0 MakeHuman/MPFB2
assets, gives them eyeballs of human size, turns head and eyes to chosen angles, renders them with
Cycles and writes the pictures next to a ``truth.json``. The geometry is NumPy; only ``scene`` and
the modules that it calls use Blender, and import it when they are called.
"""
