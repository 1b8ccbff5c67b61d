"""Which pictures show a film against the plan: doses, difference, distance, gamma, profiles."""

from PySide6.QtGui import QImage

from app.filter.film.quality import FilmQuality
from app.filter.gui.film_picture import (
    DIFFERENCE,
    DISTANCE,
    GAMMA,
    Map,
    Paper,
    dose_map,
    map_image,
    profile_image,
)

DISTANCE_SHOWN_MM = 5.0
WIDEST_SHARE = 0.1


def maps_of(film: FilmQuality) -> dict[str, Map]:
    """Return the maps of a film by what they show."""
    reference, evaluated = film.pair.reference, film.pair.evaluated
    high = film.gamma.largest_gy
    axes = (reference.x_mm, reference.y_mm)
    span = WIDEST_SHARE * high
    gamma = film.gamma
    return {
        "plan": dose_map("Plan, Gy", reference, high),
        "film": dose_map(f"{film.label.capitalize()}, Gy", evaluated, high),
        "difference": Map(f"{film.label.capitalize()} less plan, Gy", "Gy", film.difference, *axes,
                          -span, span, DIFFERENCE),
        "distance": Map("Distance to agreement, mm", "mm", film.distance, *axes, 0.0,
                        DISTANCE_SHOWN_MM, DISTANCE),
        "gamma": Map(f"Gamma, {gamma.gamma.pass_percent:.2f} % pass", "", gamma.gamma.values[0],
                     *axes, 0.0, 2.0, GAMMA),
    }  # fmt: skip


def images_of(film: FilmQuality, paper: Paper | None = None) -> dict[str, QImage]:
    """Return every picture of a film, painted."""
    made = {name: map_image(own, paper) for name, own in maps_of(film).items()}
    for own in film.profiles:
        made[f"profile {own.along}"] = profile_image(own, ("plan", film.label), paper)
    return made
