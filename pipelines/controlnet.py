"""Engines with a network: whether they can run here, said before any work starts."""

from __future__ import annotations

from pipelines.errors import EngineUnavailable
from presets.schema import Engine


def require(engine: Engine) -> None:
    """Check that an engine can run, before any work starts.

    Raises:
        EngineUnavailable: ``weights-missing`` where its weights are not there. The sentence says
            what they are, how large, under which licence, and which engine works meanwhile.
    """
    if engine.weights == "none":
        return
    if engine.weights == "bundled":
        raise EngineUnavailable(
            "weights-missing",
            f"The weights of {engine.label} do not ship with this version yet. "
            "Choose the geometry engine, which needs none.",
        )
    size = sum(file.size_mb for file in engine.files) / 1000
    repos = ", ".join(dict.fromkeys(file.repo for file in engine.files))
    licences = ", ".join(dict.fromkeys(file.licence for file in engine.files))
    raise EngineUnavailable(
        "weights-missing",
        f"{engine.label} needs about {size:.1f} GB of weights ({repos}; {licences}) and cannot be "
        "run by this version yet. Choose the geometry engine, which needs none.",
    )
