"""How a Pinnacle plan was calculated and prescribed: dose model, points, normalisation."""

from collections.abc import Mapping

from app.lex.pinnacle_text import Block
from app.lex.plan import Point

Places = Mapping[str, tuple[float, float, float]]
# The two flags of the convolution: whether primary fluence and scatter leave out the densities.
_MODELS = {
    ("0", "0"): "heterogeneous",
    ("1", "1"): "homogeneous",
    ("1", "0"): "with homogeneous scatter only",
    ("0", "1"): "with homogeneous fluence only",
}
_NO_POINT = ("", "<None>")


def dose_model_of(beam: Block) -> str:
    """Return how the beam's calculation treated densities; "" when its flags do not say."""
    engine = beam.block("DoseEngine")
    if engine is None:
        return ""
    if beam.text("Modality") == "Electrons":
        return {"0": "heterogeneous", "1": "homogeneous"}.get(
            engine.text("ElectronHomogeneous"), ""
        )
    if engine.text("FlatWaterPhantom") == "1":
        return "in a water phantom"
    flags = engine.text("ConvolveHomogeneous"), engine.text("FluenceHomogeneous")
    return _MODELS.get(flags, "")


def dose_engine_of(beam: Block) -> str:
    """Return the name of the algorithm, "" when it is not stated."""
    engine = beam.block("DoseEngine")
    return "" if engine is None else engine.text("TypeName")


def dose_point_of(beam: Block, places_cm: Places) -> Point | None:
    """Return the point at which the beam's dose is given.

    A beam without a named point has one of its own, so many cm deep on its axis.
    """
    if beam.flag("UsePoiForPrescriptionPoint", default=True):
        return named_point(beam.text("PrescriptionPointName"), places_cm)
    depth_cm = beam.maybe("PrescriptionPointDepth")
    deep = "at no named point" if depth_cm is None else f"{depth_cm:g} cm deep"
    return Point(f"{deep} on the axis of {beam.text('Name')}")


def named_point(name: str, places_cm: Places) -> Point | None:
    """Return a point by its name, with its place when it has only one; None for no name."""
    name = name.strip()
    return None if name in _NO_POINT else Point(name, places_cm.get(name.lower()))


def isodose_point_of(trial: Block, places_cm: Places) -> Point | None:
    """Return the point that relative isodoses are normalised to; absolute ones need none."""
    if not trial.flag("ComputeRelativeDose"):
        return None
    return named_point(trial.text("IsodoseNormPointName"), places_cm)
