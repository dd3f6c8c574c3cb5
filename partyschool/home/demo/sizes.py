"""How large a demo school is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """`cadres` people in `districts` districts beside the city's own departments; classes of `class_seats`.

    Sub-venues of `venue` cadres each hold the same electives, forum and online courses; `day_lessons` lessons fill a class day.
    """

    name: str
    root: str
    cadres: int
    districts: int
    bureaus: int
    townships: int
    class_seats: int
    venue: int
    day_lessons: int
    seat_factor: int


SIZES = {
    size.name: size
    for size in (
        Size("small", "两江市", 300, 2, 6, 5, 50, 5000, 2, 1),
        Size("city", "两江市", 5_000, 10, 18, 10, 50, 5000, 2, 10),
        Size("province", "两江省", 100_000, 99, 20, 8, 200, 5000, 1, 100),
    )
}
