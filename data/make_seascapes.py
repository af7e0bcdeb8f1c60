"""Sample pictures of the open air: a lighthouse, a sailing boat and a balloon."""

from __future__ import annotations

import numpy as np
from make_render import (
    Array,
    Painted,
    Scene,
    blend,
    both,
    box,
    cone,
    either,
    ellipsoid,
    fbm,
    flat,
    length,
    mix,
    noise,
    render,
    ring,
    solid_noise,
    step,
    tower,
    triangle,
    unit,
    vec,
)
from PIL import Image

# --- sky, sea and sand


def sky(
    d: Array, cover: float = 0.52, tint: tuple[float, float, float] = (0.13, 0.3, 0.62)
) -> Array:
    """Blue overhead, pale at the horizon, with broken cloud."""
    high = np.clip(d[1], 0, 1)
    blue = mix(vec(0.62, 0.75, 0.88), vec(*tint), 1 - (1 - high) ** 3)
    lift = 1 / (high + 0.12)
    cloud = fbm(d[0] * lift * 1.3 + 5.2, d[2] * lift * 1.3 + 1.7, 6)
    amount = step(cover, cover + 0.22, cloud) * step(0.0, 0.12, d[1])
    shade = mix(vec(0.98, 0.97, 0.96), vec(0.66, 0.7, 0.76), step(cover + 0.08, cover + 0.4, cloud))
    return mix(blue, shade, amount * 0.9)


def sea(p: Array) -> tuple[Array, Array, Array | float]:
    """Choppy blue-green water that mirrors the sky."""
    x, _, z = p
    far = 1 / (1 + 0.02 * length(x, z))

    def swell(u: Array, v: Array) -> Array:
        return fbm(u * 1.1 + 3, v * 2.0, 3) * 0.55 + fbm(u * 5.0, v * 8.0 + 7, 3) * 0.09

    e = 0.05
    here = swell(x, z)
    slope = np.array([swell(x + e, z) - here, np.full_like(x, e), swell(x, z + e) - here])
    n = unit(slope * np.stack([far * -0.5, np.ones_like(x), far * -0.5]))
    foam = step(0.66, 0.74, here / 0.64) * 0.25
    return mix(vec(0.012, 0.07, 0.1), vec(0.6, 0.65, 0.66), foam), n, 0.8


# --- the lighthouse


def lighthouse() -> Image.Image:
    def rock(p: Array) -> Array:
        gap = ellipsoid(p, vec(0.9, -0.5, 0), vec(5.6, 1.95, 3.7))
        near = np.flatnonzero(gap < 1.2)
        gap[near] -= (solid_noise(p[:, near], 0.9, 4) - 0.5) * 1.7
        return gap * 0.6

    def rail(p: Array) -> Array:
        x, y, z = p - vec(0, 8.75, 0)
        turn = np.arctan2(z, x) * 14 / (2 * np.pi)
        post = length((turn - np.round(turn)) * 2 * np.pi * 1.2 / 14, length(x, z) - 1.2) - 0.028
        bars = [ring(p, vec(0, 8.75 + h, 0), 1.2, 0.03) for h in (0.35, 0.62)]
        return either(both(post, np.abs(y - 0.3) - 0.32), either(*bars))

    def lantern(p: Array) -> Array:
        return tower(p, vec(0, 8.7, 0), 1.35, 0.66, 0.66)

    def dome(p: Array) -> Array:
        cap = both(ellipsoid(p, vec(0, 10.0, 0), vec(0.85, 0.75, 0.85)), 10.0 - p[1])
        ball = ellipsoid(p, vec(0, 10.85, 0), vec(0.14, 0.14, 0.14))
        return either(either(cap, ball), cone(p, vec(0, 10.8, 0), vec(0, 11.5, 0), 0.03, 0.02))

    def gallery(p: Array) -> Array:
        return either(
            tower(p, vec(0, 8.5, 0), 0.22, 1.25, 1.3),
            tower(p, vec(0, 8.1, 0), 0.45, 0.82, 1.15),
        )

    def cottage(p: Array) -> Array:
        return box(p, vec(2.6, 1.75, 0.3), vec(1.1, 0.75, 0.8))

    def roof(p: Array) -> Array:
        x, y, z = p - vec(2.6, 2.5, 0.3)
        slope = (np.abs(z) * 0.75 + y * 0.66) - 0.66
        return both(slope, np.abs(x) - 1.22, -y)

    def chimney(p: Array) -> Array:
        return box(p, vec(3.3, 3.4, 0.3), vec(0.17, 0.45, 0.17))

    def paint(name: str, p: Array, n: Array) -> Painted:
        x, y, z = p
        grime = 0.86 + 0.24 * solid_noise(p * vec(1, 0.4, 1), 2.2)
        if name == "tower":
            red = (step(3.3, 3.34, y) - step(5.0, 5.04, y)) + step(6.7, 6.74, y)
            colour = mix(vec(0.82, 0.81, 0.78), vec(0.6, 0.05, 0.04), red)
            window = (np.abs(x - 0.15) < 0.14) & (np.abs((y - 2.6) % 1.9 - 0.4) < 0.26) & (z > 0)
            door = (np.abs(x - 0.15) < 0.26) & (y < 2.1) & (z > 0)
            return np.where(window | door, vec(0.03, 0.04, 0.05), colour * grime), 0.25
        if name == "lantern":
            turn = np.arctan2(z, x) * 10 / (2 * np.pi)
            bar = (np.abs(turn - np.round(turn)) < 0.09) | (np.abs((y - 8.7) % 0.66) < 0.06)
            glow = mix(
                vec(0.12, 0.16, 0.18), vec(1.5, 1.2, 0.5), np.exp(-((x**2 + (y - 9.4) ** 2) * 6))
            )
            return np.where(bar, vec(0.05, 0.05, 0.05), glow), 1.0
        if name == "rock":
            stone = mix(
                vec(0.13, 0.11, 0.1), vec(0.45, 0.41, 0.36), solid_noise(p, 3.0, 4) ** 1.3 * 1.4
            )
            grass = step(0.55, 0.85, n[1]) * step(0.7, 1.2, y)
            green = mix(vec(0.06, 0.11, 0.02), vec(0.2, 0.26, 0.07), solid_noise(p, 7.0))
            wet = 0.35 + 0.65 * step(0.05, 0.5, y)
            return mix(stone, green, grass) * wet, 0.15
        if name == "cottage":
            pane = (np.abs(np.abs(x - 2.6) - 0.55) < 0.18) & (np.abs(y - 1.85) < 0.24) & (z > 0)
            return np.where(pane, vec(0.04, 0.05, 0.07), flat(p, 0.8, 0.79, 0.75) * grime), 0.2
        if name == "roof":
            return flat(p, 0.1, 0.11, 0.13) * (0.7 + 0.6 * noise(x * 9, y * 12)), 0.2
        if name == "gallery":
            return flat(p, 0.75, 0.74, 0.72) * grime, 0.2
        return flat(p, 0.07, 0.07, 0.08) if name != "chimney" else flat(p, 0.45, 0.2, 0.14), 0.6

    parts = {
        "tower": lambda p: tower(p, vec(0, 0.5, 0), 7.9, 1.25, 0.8) * 0.98,
        "gallery": gallery,
        "rail": rail,
        "lantern": lantern,
        "dome": dome,
        "cottage": cottage,
        "roof": roof,
        "chimney": chimney,
        "rock": rock,
    }
    scene = Scene(
        parts,
        paint,
        sky,
        (vec(0.7, 5, 0), 7.8),
        vec(-5.5, 3.2, 17),
        vec(0.6, 5.0, 0),
        1.12,
        unit(vec(-0.75, 0.75, 0.7)),
        sea,
        haze=0.006,
    )
    return render(scene)


# --- the sailing boat


def sailboat() -> Image.Image:
    main = (vec(-0.12, 1.25, 0), vec(-0.12, 6.6, 0), vec(-2.75, 1.35, 0))
    jib = (vec(2.3, 0.95, 0), vec(0.02, 6.0, 0), vec(0.15, 1.35, 0))

    def hull(p: Array) -> Array:
        deck = 0.62 + 0.035 * (p[0] - 0.3) ** 2
        return both(ellipsoid(p, vec(0, 0.62, 0), vec(3.0, 0.85, 0.8)), p[1] - deck) * 0.8

    def stripe(p: Array) -> Array:
        deck = 0.62 + 0.035 * (p[0] - 0.3) ** 2
        rim = ellipsoid(p, vec(0, 0.62, 0), vec(3.04, 0.89, 0.84))
        return both(rim, np.abs(p[1] - deck) - 0.05) * 0.8

    def cabin(p: Array) -> Array:
        return box(p, vec(0.35, 0.8, 0), vec(0.75, 0.24, 0.42), 0.12)

    def sail(p: Array, corners: tuple[Array, Array, Array], belly: float) -> Array:
        x, y, z = p
        inside = triangle(p, corners)
        luff, foot = np.clip(np.abs(x - corners[1][0]), 0, 3), np.clip((6.6 - y) / 5.3, 0, 1)
        bulge = belly * np.sin(np.clip(luff / 2.8, 0, 1) * np.pi) * np.sqrt(foot)
        return both(inside, np.abs(z - bulge) - 0.02) * 0.6

    def spars(p: Array) -> Array:
        mast = cone(p, vec(0, 0.5, 0), vec(0, 6.8, 0), 0.07, 0.04)
        boom = cone(p, vec(0, 1.2, 0), vec(-2.8, 1.28, 0), 0.05, 0.04)
        stays = either(
            cone(p, vec(2.75, 0.85, 0), vec(0, 6.7, 0), 0.015, 0.012),
            cone(p, vec(-2.85, 0.95, 0), vec(0, 6.7, 0), 0.015, 0.012),
        )
        return either(mast, boom, stays)

    def paint(name: str, p: Array, n: Array) -> Painted:
        x, y, z = p
        if name in ("main", "jib"):
            seams = 1 - 0.13 * (np.abs((y + x * 0.12) % 0.62) < 0.03)
            return flat(p, 0.9, 0.88, 0.82) * seams * (0.9 + 0.15 * noise(x * 3, y * 2)), 0.05
        if name == "hull":
            return mix(vec(0.35, 0.03, 0.03), vec(0.03, 0.09, 0.25), step(0.16, 0.18, y)), 0.5
        if name == "cabin":
            hatch = (np.abs((x - 0.05) % 0.4 - 0.2) < 0.12) & (np.abs(y - 0.9) < 0.06) & (z > 0.3)
            return np.where(hatch, vec(0.02, 0.03, 0.04), flat(p, 0.85, 0.84, 0.8)), 0.4
        return flat(p, 0.3, 0.18, 0.08) if name == "spars" else flat(p, 0.85, 0.82, 0.75), 0.3

    parts = {
        "hull": hull,
        "stripe": stripe,
        "cabin": cabin,
        "main": lambda p: sail(p, main, 0.55),
        "jib": lambda p: sail(p, jib, 0.5),
        "spars": spars,
    }
    scene = Scene(
        parts,
        paint,
        lambda d: sky(d, 0.46),
        (vec(0, 3.4, 0), 4.6),
        vec(4.5, 2.0, 11.5),
        vec(-0.1, 2.9, 0),
        1.25,
        unit(vec(0.75, 0.8, 0.75)),
        sea,
        haze=0.006,
    )
    return render(scene)


# --- the balloon


def fields(p: Array) -> tuple[Array, Array, Array | float]:
    """Distant meadows and hedges."""
    x, _, z = p
    plot = noise(np.floor(x / 26 + noise(z / 30, x / 90)) * 7.3, np.floor(z / 34) * 5.1)
    green = mix(vec(0.1, 0.17, 0.04), vec(0.36, 0.34, 0.1), plot)
    woods = step(0.55, 0.62, fbm(x / 22, z / 22, 4))
    colour = mix(green * (0.8 + 0.4 * fbm(x / 2, z / 2, 3)), vec(0.035, 0.07, 0.025), woods)
    return colour, np.broadcast_to(vec(0, 1, 0), p.shape), 0.0


def balloon() -> Image.Image:
    def envelope(p: Array) -> Array:
        turn = np.arctan2(p[2], p[0]) * 24 / (2 * np.pi)
        puff: Array = 0.06 * np.sqrt(np.abs(np.sin(turn * np.pi)))
        bulb = ellipsoid(p, vec(0, 22, 0), vec(3.0, 3.1, 3.0))
        neck = cone(p, vec(0, 17.9, 0), vec(0, 20.6, 0), 0.55, 2.35)
        return (both(blend(bulb, neck, 0.9), 17.9 - p[1]) - puff) * 0.75

    def basket(p: Array) -> Array:
        return box(p, vec(0, 16.2, 0), vec(0.46, 0.34, 0.46), 0.06)

    def ropes(p: Array) -> Array:
        q = np.stack([np.abs(p[0]), p[1], np.abs(p[2])])
        return cone(q, vec(0.42, 16.5, 0.42), vec(0.4, 18.1, 0.4), 0.022, 0.022)

    def paint(name: str, p: Array, n: Array) -> Painted:
        x, y, z = p
        if name == "envelope":
            gore = np.floor((np.arctan2(z, x) / (2 * np.pi) + 0.5) * 12) % 3
            warm = np.where(gore == 0, vec(0.75, 0.05, 0.03), vec(0.85, 0.5, 0.03))
            cloth = np.where(gore == 2, vec(0.04, 0.1, 0.4), warm)
            belt = np.abs(y - 21.6) < 0.35
            return np.where(belt, vec(0.85, 0.83, 0.78), cloth), 0.12
        if name == "basket":
            weave = 0.6 + 0.5 * (((x * 12 + z * 12) % 2 < 1) ^ ((y * 16) % 2 < 1))
            return flat(p, 0.36, 0.2, 0.08) * weave, 0.05
        return flat(p, 0.1, 0.09, 0.08), 0.1

    scene = Scene(
        {"envelope": envelope, "basket": basket, "ropes": ropes},
        paint,
        lambda d: sky(d, 0.5, (0.1, 0.27, 0.62)),
        (vec(0, 20.3, 0), 5.2),
        vec(3, 15.2, 17),
        vec(0.6, 19.6, 0),
        1.25,
        unit(vec(-0.8, 0.6, 0.7)),
        fields,
        haze=0.004,
    )
    return render(scene)
