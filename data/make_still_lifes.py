"""Sample pictures from nearer by: a teapot on a table and a mushroom in a wood."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from make_render import (
    Array,
    Painted,
    Scene,
    blend,
    both,
    cone,
    either,
    ellipsoid,
    fbm,
    length,
    mix,
    noise,
    render,
    ring,
    solid_noise,
    step,
    tower,
    unit,
    vec,
)
from PIL import Image, ImageDraw

# --- the teapot


def planks(p: Array) -> tuple[Array, Array, Array | float]:
    """A scrubbed pine table."""
    x, _, z = p
    board = np.floor(z / 0.9)
    grain = fbm(x * 0.7 + board * 13, z * 9 + fbm(x * 0.6, z * 0.8 + board, 3) * 7, 4)
    grain = mix(0.5, grain, 1 / (1 + (length(x, z) / 5) ** 4))
    wood = mix(vec(0.2, 0.09, 0.035), vec(0.52, 0.3, 0.13), grain)
    joint = step(0.0, 0.03, either((z / 0.9) % 1, 1 - (z / 0.9) % 1))
    joint = mix(1.0, joint, step(-6.0, -1.0, z))
    n = np.broadcast_to(vec(0, 1, 0), p.shape)
    return wood * (0.85 + 0.25 * noise(board * 3.7, board)) * (0.3 + 0.7 * joint), n, 0.12


def teapot() -> Image.Image:
    def spout_at(t: float) -> tuple[Array, float]:
        a, b, c = vec(1.0, 0.65, 0), vec(1.95, 0.7, 0), vec(2.15, 1.75, 0)
        return a * (1 - t) ** 2 + b * 2 * t * (1 - t) + c * t * t, 0.34 - 0.2 * t**0.7

    bends = [spout_at(t) for t in np.linspace(0, 1, 13)]

    def pot(p: Array) -> Array:
        body = blend(
            ellipsoid(p, vec(0, 0.95, 0), vec(1.35, 0.98, 1.35)),
            tower(p, vec(0, 1.6, 0), 0.3, 0.85, 0.72),
            0.12,
        )
        east = np.flatnonzero(p[0] > 0.5)
        for (a, ra), (b, rb) in pairwise(bends):
            body[east] = blend(body[east], cone(p[:, east], a, b, ra, rb), 0.12)
        body = both(body, -cone(p, vec(2.1, 1.6, 0), vec(2.3, 2.1, 0), 0.07, 0.09))
        loop = ring(p * vec(1, 0.86, 1), vec(-1.45, 0.9, 0), 0.62, 0.11, axis=2)
        foot = tower(p, vec(0, 0, 0), 0.16, 0.82, 0.74)
        return blend(blend(body, loop, 0.1), foot, 0.06)

    def lid(p: Array) -> Array:
        top = both(ellipsoid(p, vec(0, 1.86, 0), vec(0.76, 0.34, 0.76)), 1.88 - p[1])
        knob = blend(
            ellipsoid(p, vec(0, 2.42, 0), vec(0.17, 0.15, 0.17)),
            tower(p, vec(0, 2.15, 0), 0.2, 0.09, 0.07),
            0.06,
        )
        return blend(top, knob, 0.06)

    def paint(name: str, p: Array, n: Array) -> Painted:
        x, y, z = p
        turn = np.arctan2(z, x)
        glaze = mix(vec(0.84, 0.83, 0.79), vec(0.74, 0.74, 0.72), solid_noise(p, 4.0))
        bands = (np.abs(y - 1.62) < 0.03) | (np.abs(y - 0.42) < 0.025) | (np.abs(y - 1.95) < 0.025)
        lean = turn * 9 / np.pi + 0.4
        petal = np.hypot((lean % 1 - 0.5) * 1.5, (y - 1.05) * 2.6)
        flower = (np.abs(petal - 0.42) < 0.09) | (petal < 0.17)
        blue = (bands | (flower & (length(x, z) > 1.05) & (np.abs(z) > 0.35))) & (np.abs(x) < 1.36)
        return np.where(blue, vec(0.03, 0.08, 0.33), glaze), 1.0

    def room(d: Array) -> Array:
        window = step(0.28, 0.3, d[1]) * step(-0.75, -0.7, -d[0]) * step(0.25, 0.3, -d[0] + 0.9)
        wall = mix(vec(0.3, 0.29, 0.24), vec(0.55, 0.56, 0.5), step(-0.3, 0.8, d[1] - d[0] * 0.4))
        wall = wall * (0.92 + 0.16 * fbm(d[0] * 6, d[1] * 6, 3))
        pane = (
            window * (d[2] > 0) * ((np.abs((d[0] * 6) % 1) > 0.1) & (np.abs((d[1] * 6) % 1) > 0.1))
        )
        return mix(wall, vec(3.2, 3.3, 3.4), pane)

    scene = Scene(
        {"pot": pot, "lid": lid},
        paint,
        room,
        (vec(0.1, 1.25, 0), 2.7),
        vec(1.2, 2.7, 7.0),
        vec(0.2, 1.2, 0),
        1.5,
        unit(vec(-0.7, 0.9, 0.65)),
        planks,
    )
    return render(scene)


# --- the mushroom


def moss(p: Array) -> tuple[Array, Array, Array | float]:
    """A forest floor: moss with litter in it."""
    x, _, z = p
    tuft = mix(0.5, fbm(x * 9, z * 9, 4), 1 / (1 + (length(x, z) / 4) ** 2))
    green = mix(vec(0.02, 0.045, 0.01), vec(0.17, 0.23, 0.04), tuft**1.4 * 1.3)
    litter = step(0.56, 0.6, fbm(x * 2.2 + 40, z * 2.2, 4))
    colour = mix(green, mix(vec(0.1, 0.05, 0.02), vec(0.3, 0.17, 0.07), tuft), litter)
    lean = np.array(
        [fbm(x * 7, z * 7 + 50, 3) - 0.5, np.full_like(x, 0.5), fbm(x * 7 + 80, z * 7, 3) - 0.5]
    )
    return colour, unit(lean), 0.0


def forest(d: Array) -> Array:
    """Trunks and leaves, far out of focus."""
    across, up = np.arctan2(d[0], -d[2]), d[1]
    leaves = mix(
        vec(0.02, 0.045, 0.015), vec(0.2, 0.3, 0.07), step(0.3, 0.75, fbm(across * 5, up * 6, 3))
    )
    gaps = step(0.62, 0.75, fbm(across * 11 + 9, up * 11, 2)) * step(0.0, 0.3, up)
    trunk = step(0.62, 0.68, noise(across * 9 + 4, up * 0.4 + 2))
    scene = mix(leaves, vec(0.045, 0.035, 0.028), trunk * 0.8)
    return mix(scene, vec(0.75, 0.85, 0.5), gaps * 0.6 * (1 - trunk))


def mushroom() -> Image.Image:
    rng = np.random.default_rng(7)
    warts = [
        (turn + rng.uniform(-0.25, 0.25), tilt + rng.uniform(-0.07, 0.07), rng.uniform(0.05, 0.105))
        for tilt, count in ((0.08, 1), (0.42, 6), (0.75, 10), (1.05, 14), (1.32, 18))
        for turn in np.linspace(0, 2 * np.pi, count, endpoint=False)
    ]
    spots = np.array(
        [(np.cos(t) * np.sin(a), np.cos(a), np.sin(t) * np.sin(a)) for t, a, _ in warts]
    ).T

    def cap(p: Array) -> Array:
        dome = ellipsoid(p, vec(0, 1.75, 0), vec(1.32, 0.92, 1.32))
        return both(dome, 1.6 - p[1] - 0.12 * both(1 - length(p[0], p[2]), 0)) - 0.02

    def dots(p: Array) -> Array:
        gap = ellipsoid(p, vec(0, 1.75, 0), vec(1.32, 0.92, 1.32)) + 0.03
        near = np.flatnonzero((gap < 0.2) & (p[1] > 1.5))
        q = unit((p[:, near] - vec(0, 1.75, 0)) / vec(1.32, 0.92, 1.32))
        angle = np.full(near.shape, 9.0, dtype=np.float32)
        for spot, (_, _, size) in zip(spots.T, warts, strict=True):
            angle = either(angle, length(*(q - spot.reshape(3, 1))) / size)
        gap[near] -= np.clip(1 - angle, 0, 1) ** 0.5 * 0.06 + 0.02 * solid_noise(p[:, near], 18, 1)
        return both(gap, 1.64 - p[1]) * 0.6

    def stem(p: Array) -> Array:
        shaft = cone(p, vec(0.03, 0.1, 0), vec(0, 1.9, 0), 0.3, 0.2)
        bulb = ellipsoid(p, vec(0.03, 0.12, 0), vec(0.44, 0.34, 0.44))
        skirt = both(cone(p, vec(0, 1.12, 0), vec(0, 1.4, 0), 0.36, 0.16), 1.13 - p[1])
        return blend(blend(shaft, bulb, 0.12), skirt, 0.03)

    def paint(name: str, p: Array, n: Array) -> Painted:
        x, y, z = p
        if name == "cap":
            under = (n[1] < -0.2) | (y < 1.64)
            gill = 0.7 + 0.3 * np.sin(np.arctan2(z, x) * 110)
            red = mix(
                vec(0.5, 0.015, 0.01), vec(0.75, 0.1, 0.015), step(0.35, 0.7, solid_noise(p, 2.5))
            )
            red = mix(red, vec(0.8, 0.25, 0.04), step(1.85, 1.62, y) * 0.5)
            return np.where(under, vec(0.75, 0.68, 0.52) * gill, red), 0.7
        fibre = fbm(np.arctan2(z, x) * 9, y * 1.6, 4)
        return mix(vec(0.55, 0.48, 0.36), vec(0.9, 0.86, 0.76), fibre * 1.2), 0.05

    scene = Scene(
        {"cap": cap, "dots": dots, "stem": stem},
        paint,
        forest,
        (vec(0, 1.3, 0), 1.95),
        vec(0.6, 1.0, 6.2),
        vec(0.0, 1.3, 0),
        1.55,
        unit(vec(-0.6, 0.55, 0.9)),
        moss,
        haze=0.05,
    )
    return grass(render(scene), rng)


def grass(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Blades along the bottom of the picture, drawn at twice the size and shrunk."""
    wide, tall = image.width * 2, image.height * 2
    layer = Image.new("RGBA", (wide, tall))
    pen = ImageDraw.Draw(layer)
    for near in np.sort(rng.random(900)):
        x, foot = rng.uniform(-30, wide + 30), tall * (0.8 + 0.27 * near)
        middle = abs(x - wide / 2) / wide * 2
        if middle < 0.2 and near < 0.15:
            continue  # this one grows behind the stem
        high = rng.uniform(30, 90) * (0.5 + 0.9 * near) * (0.55 + 0.8 * middle)
        lean, half = rng.normal(0, 0.35) * high, 2 + 3.5 * near
        light = rng.uniform(0.45, 1.0) * (0.7 + 0.4 * near)
        colour = (int(92 * light), int(132 * light), int(38 * light), 255)
        bend = [(x + lean * t * t, foot - high * t, half * (1 - t)) for t in np.linspace(0, 1, 9)]
        left = [(u - r, v) for u, v, r in bend]
        pen.polygon(left + [(u + r, v) for u, v, r in reversed(bend)], fill=colour)
    layer = layer.resize(image.size, Image.Resampling.LANCZOS)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")
