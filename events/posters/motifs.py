"""The pictures on posters: each motif draws the upper part of a 600 x 800 canvas in shades of one hue."""

from collections.abc import Callable
from math import cos, pi, sin

from events.models.choices import Motif

# Multiples of the golden ratio's fraction spread evenly and never repeat: scatter without a random number.
GOLDEN = 0.618033988749895


def scatter(index: int) -> float:
    """The index-th of a sequence of numbers spread evenly over 0..1."""
    return index * GOLDEN % 1


def tone(hue: int, lightness: int, saturation: int = 72) -> str:
    """A colour of the poster's family."""
    return f"hsl({hue % 360} {saturation}% {lightness}%)"


def dawn(hue: int) -> str:
    """A sun between layers of hills."""
    hills = "".join(
        f'<path d="M0 {440 + 58 * i}C120 {360 + 62 * i} 210 {500 + 50 * i} 330 {430 + 60 * i}'
        f'S520 {400 + 54 * i} 600 {450 + 58 * i}V800H0Z" '
        f'fill="{tone(hue + 14 * i, 46 - 9 * i, 60)}"/>'
        for i in range(5)
    )
    return f'<circle cx="300" cy="330" r="150" fill="{tone(hue + 40, 72, 95)}"/>{hills}'


def orbit(hue: int) -> str:
    """Rings, with a planet on each."""
    parts = [f'<circle cx="300" cy="340" r="64" fill="{tone(hue + 40, 70, 90)}"/>']
    for i in range(1, 6):
        radius, angle = 64 + 46 * i, 2 * pi * scatter(i * 3)
        x, y = 300 + radius * cos(angle), 340 + radius * sin(angle)
        parts.append(
            f'<circle cx="300" cy="340" r="{radius}" fill="none" stroke="{tone(hue, 78)}" stroke-opacity=".45"/>'
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{8 + 4 * (i % 3)}" fill="{tone(hue + 55 * i, 74, 88)}"/>'
        )
    return "".join(parts)


def waves(hue: int) -> str:
    """Lines of a sea."""
    lines = []
    for i in range(16):
        y, lift = 130 + 34 * i, 46 * sin(i / 2.6)
        lines.append(
            f'<path d="M-20 {y}C130 {y - lift:.0f} 190 {y + lift:.0f} 300 {y}S490 {y - lift:.0f} 620 {y}" fill="none" '
            f'stroke="{tone(hue + 5 * i, 82 - 2 * i, 80)}" stroke-width="{3 + i % 4 * 3}"/>'
        )
    return f'<circle cx="420" cy="200" r="92" fill="{tone(hue + 50, 76, 90)}"/>' + "".join(lines)


def city(hue: int) -> str:
    """Houses at night, some windows lit."""
    parts = [f'<circle cx="455" cy="170" r="62" fill="{tone(hue + 50, 82, 80)}"/>']
    for i in range(11):
        x, height = 55 * i - 4, 130 + 260 * scatter(i + 2)
        top = 600 - height
        parts.append(f'<path d="M{x} {top:.0f}h50v{height + 210:.0f}h-50Z" fill="{tone(hue, 17 + 5 * (i % 3), 45)}"/>')
        parts.extend(
            f'<path d="M{x + 9 + 18 * column} {top + 16 + 26 * row:.0f}h12v13h-12Z" fill="{tone(hue + 55, 72, 92)}"/>'
            for row in range(int(height // 26))
            for column in range(2)
            if scatter(31 * i + 7 * row + 3 * column) > 0.56
        )
    return "".join(parts)


def bars(hue: int) -> str:
    """A sound's bars."""
    return "".join(
        f'<rect x="{28 + 32 * i}" y="{330 - height:.0f}" width="18" height="{2 * height:.0f}" rx="9" '
        f'fill="{tone(hue + 6 * i, 66, 88)}"/>'
        for i in range(17)
        for height in [40 + 200 * abs(sin(i * 0.55)) * (0.5 + 0.5 * scatter(i))]
    )


def petals(hue: int) -> str:
    """A flower of many petals."""
    rings = "".join(
        f'<g fill="{tone(hue + 16 * ring, 74 - 9 * ring, 82)}" fill-opacity=".8">'
        + "".join(
            f'<ellipse cx="300" cy="{330 - 150 + 34 * ring}" rx="{46 - 6 * ring}" ry="{120 - 22 * ring}" '
            f'transform="rotate({360 / 10 * petal + 18 * ring} 300 330)"/>'
            for petal in range(10)
        )
        + "</g>"
        for ring in range(3)
    )
    return f'{rings}<circle cx="300" cy="330" r="42" fill="{tone(hue + 50, 82, 95)}"/>'


def keys(hue: int) -> str:
    """A piano's keys, lifted like a stair."""
    white = "".join(
        f'<path d="M{75 * i} {210 + 26 * i}h71v{620 - 26 * i}h-71Z" fill="{tone(hue, 95 - 2 * i, 40)}"/>'
        for i in range(8)
    )
    black = "".join(
        f'<path d="M{75 * i + 50} {210 + 26 * i}h44v{250 - 8 * i}h-44Z" fill="{tone(hue, 13, 40)}"/>'
        for i in (0, 1, 3, 4, 5)
    )
    return f'<circle cx="470" cy="170" r="70" fill="{tone(hue + 40, 68, 90)}"/>{white}{black}'


def moon(hue: int) -> str:
    """A crescent among stars."""
    stars = "".join(
        f'<circle cx="{600 * scatter(i * 5 + 1):.0f}" cy="{560 * scatter(i * 3 + 2):.0f}" '
        f'r="{1.5 + 3 * scatter(i * 7):.1f}" fill="#fff" fill-opacity="{0.4 + 0.6 * scatter(i):.2f}"/>'
        for i in range(70)
    )
    return (
        f'{stars}<path d="M370 150A170 170 0 1 0 470 440A140 140 0 1 1 370 150Z" fill="{tone(hue + 45, 84, 85)}"/>'
        f'<path d="M0 600C140 520 240 560 330 590S520 640 600 570V800H0Z" fill="{tone(hue, 14, 50)}"/>'
    )


def rays(hue: int) -> str:
    """Stage lights over a crowd."""
    beams = "".join(
        f'<path d="M{60 + 96 * i} 60L{-120 + 150 * i} 640H{40 + 150 * i}Z" '
        f'fill="{tone(hue + 28 * i, 68, 92)}" fill-opacity=".38"/>'
        f'<circle cx="{60 + 96 * i}" cy="60" r="14" fill="{tone(hue + 28 * i, 88, 92)}"/>'
        for i in range(6)
    )
    crowd = "".join(
        f'<circle cx="{25 * i}" cy="{620 + 36 * scatter(i):.0f}" r="{20 + 8 * scatter(i * 3):.0f}"/>' for i in range(26)
    )
    return f'{beams}<g fill="{tone(hue, 9, 45)}">{crowd}<path d="M0 640H600V800H0Z"/></g>'


def tiles(hue: int) -> str:
    """Quarter circles, turned about."""

    def turn(index: int) -> int:
        return int(4 * scatter(index + 1))

    return "".join(
        f'<path transform="translate({100 * column} {40 + 100 * row}) rotate({90 * turn(6 * row + column)} 50 50)" '
        f'd="M0 0H100A100 100 0 0 1 0 100Z" '
        f'fill="{tone(hue + 50 * turn(5 * row + 2 * column), 50 + 8 * ((row + column) % 4), 78)}"/>'
        for row in range(6)
        for column in range(6)
    )


PICTURES: dict[str, Callable[[int], str]] = {
    Motif.DAWN: dawn,
    Motif.ORBIT: orbit,
    Motif.WAVES: waves,
    Motif.CITY: city,
    Motif.BARS: bars,
    Motif.PETALS: petals,
    Motif.KEYS: keys,
    Motif.MOON: moon,
    Motif.RAYS: rays,
    Motif.TILES: tiles,
}
