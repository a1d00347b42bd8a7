"""The pictures on posters in a few strokes each, on a 90 x 120 canvas: what a waiting page can carry along."""

from collections.abc import Callable

from events.models.choices import Motif
from events.posters.motifs import tone

# A line of `width` along `path`; of dashes, where there are any.
_LINE = '<path d="{}" fill="none" stroke="{}" stroke-width="{}" {}/>'
_ROUND = 'stroke-linecap="round"'


def _line(path: str, colour: str, width: int, more: str = "") -> str:
    return _LINE.format(path, colour, width, more)


def _disc(x: int, y: int, radius: int, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>'


def _area(path: str, colour: str) -> str:
    return f'<path d="{path}" fill="{colour}"/>'


def _dawn(hue: int) -> str:
    hills = "".join(
        _area(
            f"M0 {66 + 15 * i}Q30 {50 + 15 * i} 60 {70 + 14 * i}T90 {66 + 15 * i}V120H0z",
            tone(hue + 14 * i, 46 - 12 * i),
        )
        for i in range(3)
    )
    return _disc(45, 50, 22, tone(hue + 40, 72)) + hills


def _orbit(hue: int) -> str:
    rings = "".join(f'<circle cx="45" cy="51" r="{r}" fill="none" stroke="{tone(hue, 78)}"/>' for r in (17, 27, 37))
    return (
        rings
        + _disc(45, 51, 10, tone(hue + 40, 70))
        + _disc(62, 51, 3, tone(hue + 55, 74))
        + _disc(26, 32, 4, tone(hue + 110, 74))
    )


def _waves(hue: int) -> str:
    lines = "".join(
        _line(f"M0 {30 + 15 * i}q22 -14 45 0t45 0", tone(hue + 12 * i, 80 - 5 * i), 2 + i % 3) for i in range(5)
    )
    return _disc(63, 30, 14, tone(hue + 50, 76)) + lines


def _city(hue: int) -> str:
    houses = _area("M0 60h14V40h16v25h12V30h16v28h12V44h20v76H0z", tone(hue, 20))
    return (
        _disc(68, 25, 9, tone(hue + 50, 82))
        + houses
        + _line("M8 68v44M24 48v64M50 38v74M80 54v58", tone(hue + 55, 72), 4, 'stroke-dasharray="4 5"')
    )


def _bars(hue: int) -> str:
    return _line("M9 42v16M21 28v44M33 38v24M45 18v64M57 32v36M69 24v52M81 40v20", tone(hue + 40, 66), 7, _ROUND)


def _petals(hue: int) -> str:
    petals = "".join(
        f'<ellipse cx="45" cy="30" rx="9" ry="19" transform="rotate({72 * i} 45 50)" fill="{tone(hue + 16, 72)}"/>'
        for i in range(5)
    )
    return petals + _disc(45, 50, 8, tone(hue + 50, 82))


def _keys(hue: int) -> str:
    white = _line("M8 35v90M26 42v90M44 49v90M62 56v90M80 63v90", tone(hue, 94), 16)
    return _disc(70, 25, 10, tone(hue + 40, 68)) + white + _line("M17 36v40M35 43v40M71 57v40", tone(hue, 13), 8)


def _moon(hue: int) -> str:
    stars = _line("M10 20h0M80 14h0M20 60h0M14 84h0M76 76h0M40 12h0M84 44h0", "#fff", 3, _ROUND)
    return (
        stars
        + _area("M56 20A26 26 0 1 0 70 66A21 21 0 1 1 56 20z", tone(hue + 45, 84))
        + _area("M0 92q30 -14 90 4v24H0z", tone(hue, 14))
    )


def _rays(hue: int) -> str:
    beams = "".join(
        f'<path d="M{12 + 32 * i} 8L{-14 + 40 * i} 96h34z" fill="{tone(hue + 50 * i, 68)}" opacity=".5"/>'
        for i in range(3)
    )
    return (
        beams
        + _line("M3 96h90", tone(hue, 9), 11, f'{_ROUND} stroke-dasharray="0 12"')
        + _area("M0 98h90v22H0z", tone(hue, 9))
    )


def _tiles(hue: int) -> str:
    left = "M0 0h30a30 30 0 0 1-30 30zM30 60V30h30a30 30 0 0 1-30 30z"
    left += "M0 60h30a30 30 0 0 1-30 30zM30 120V90h30a30 30 0 0 1-30 30z"
    right = "M60 0h30v30a30 30 0 0 1-30-30zM0 30h30v30a30 30 0 0 1-30-30z"
    right += "M60 60h30v30a30 30 0 0 1-30-30zM0 90h30v30a30 30 0 0 1-30-30z"
    return _area(left, tone(hue + 50, 56)) + _area(right, tone(hue + 150, 70))


_PICTURES: dict[str, Callable[[int], str]] = {
    Motif.DAWN: _dawn, Motif.ORBIT: _orbit, Motif.WAVES: _waves, Motif.CITY: _city, Motif.BARS: _bars,
    Motif.PETALS: _petals, Motif.KEYS: _keys, Motif.MOON: _moon, Motif.RAYS: _rays, Motif.TILES: _tiles,
}  # fmt: skip


def small_picture(motif: str, hue: int) -> str:
    """SVG to put on a 90 x 120 canvas: the motif of the event's poster, in its colours."""
    return f'<path d="M0 0h90v120H0z" fill="{tone(hue, 30)}"/>' + _PICTURES[motif](hue)
