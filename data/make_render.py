"""A small ray marcher in numpy: enough light and shade to draw the sample pictures.

Points and directions are arrays of shape (3, N); a shape is a function from points to the
signed distance of each point from its surface. Y is up.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[Any]
Shape = Callable[[Array], Array]
Paint = Callable[[str, Array, Array], tuple[Array, float]]

Painted = tuple[Array, float]

SIZE = (640, 480)
_TABLE = np.random.default_rng(20240611).random((256, 256)).astype(np.float32)


def vec(*xyz: float) -> Array:
    """A column vector."""
    return np.array(xyz, dtype=np.float32).reshape(-1, 1)


def unit(v: Array) -> Array:
    return np.asarray(v / np.sqrt((v * v).sum(axis=0, keepdims=True) + 1e-12))


def flat(p: Array, r: float, g: float, b: float) -> Array:
    return np.broadcast_to(vec(r, g, b), p.shape)


def length(*parts: Array) -> Array:
    return np.sqrt(sum((part * part for part in parts), np.float32(0)))


def mix(a: Array | float, b: Array | float, t: Array | float) -> Array:
    return np.asarray(a + (b - a) * t, dtype=np.float32)


def step(lo: float, hi: float, x: Array) -> Array:
    """Smoothstep: 0 below lo, 1 above hi."""
    t = np.clip((x - lo) / (hi - lo), 0, 1)
    return t * t * (3 - 2 * t)


def both(*shapes: Array | float) -> Array:
    """Where all the shapes overlap (the largest distance)."""
    return np.asarray(functools.reduce(np.maximum, shapes))


def either(*shapes: Array | float) -> Array:
    """Any of the shapes (the smallest distance)."""
    return np.asarray(functools.reduce(np.minimum, shapes))


def noise(u: Array, v: Array) -> Array:
    """Smooth value noise in 0..1."""
    iu, iv = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    fu, fv = u - iu, v - iv
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    a, b, c, d = iu & 255, (iu + 1) & 255, iv & 255, (iv + 1) & 255
    top = mix(_TABLE[a, c], _TABLE[b, c], fu)
    return mix(top, mix(_TABLE[a, d], _TABLE[b, d], fu), fv)


def fbm(u: Array, v: Array, octaves: int = 5) -> Array:
    """Noise summed over octaves, in about 0..1."""
    total, weight, scale = np.zeros_like(u), 0.0, 1.0
    for k in range(octaves):
        total = total + noise(u * 2**k + 17.3 * k, v * 2**k + 9.1 * k) * scale
        weight, scale = weight + scale, scale * 0.5
    return total / weight


def solid_noise(p: Array, scale: float, octaves: int = 3) -> Array:
    x, y, z = p * scale
    return (fbm(x, y, octaves) + fbm(y + 31, z, octaves) + fbm(z + 57, x, octaves)) / 3


# --- shapes


def ellipsoid(p: Array, centre: Array, radii: Array) -> Array:
    q = p - centre
    k0, k1 = length(*(q / radii)), length(*(q / (radii * radii)))
    return np.asarray(k0 * (k0 - 1) / both(k1, 1e-6))


def box(p: Array, centre: Array, half: Array, rounding: float = 0.0) -> Array:
    q = np.abs(p - centre) - (half - rounding)
    outside = length(*np.maximum(q, 0))
    return outside + either(q.max(axis=0), 0) - rounding


def cone(p: Array, a: Array, b: Array, ra: float, rb: float) -> Array:
    """A rod from a to b whose radius goes from ra to rb, with round ends."""
    pa, ba = p - a, b - a
    h: Array = np.clip((pa * ba).sum(axis=0) / float((ba * ba).sum()), 0, 1)
    return length(*(pa - ba * h)) - (ra + (rb - ra) * h)


def tower(p: Array, base: Array, height: float, r0: float, r1: float) -> Array:
    """An upright tapered cylinder with flat ends."""
    x, y, z = p - base
    radius = r0 + (r1 - r0) * np.clip(y / height, 0, 1)
    return both(length(x, z) - radius, np.abs(y - height / 2) - height / 2)


def ring(p: Array, centre: Array, radius: float, tube: float, axis: int = 1) -> Array:
    q = p - centre
    u, v = (q[i] for i in range(3) if i != axis)
    return length(length(u, v) - radius, q[axis]) - tube


def triangle(p: Array, corners: tuple[Array, Array, Array]) -> Array:
    """A flat triangle in the x-y plane (corners anticlockwise), as a prism along z."""
    sides = []
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        edge = b - a
        sides.append(((p[0] - a[0]) * edge[1] - (p[1] - a[1]) * edge[0]) / np.hypot(*edge[:2]))
    return both(*sides)


def blend(a: Array, b: Array, k: float) -> Array:
    """The union of two shapes with the join smoothed over k."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return mix(b, a, h) - k * h * (1 - h)


# --- light


@dataclass(frozen=True)
class Scene:
    """Shapes inside a bounding ball, perhaps a ground at y = 0, a sun and a sky."""

    parts: Mapping[str, Shape]
    paint: Paint
    sky: Callable[[Array], Array]
    ball: tuple[Array, float]
    eye: Array
    target: Array
    zoom: float
    sun: Array
    ground: Callable[[Array], tuple[Array, Array, Array | float]] | None = None
    light: float = 1.0
    haze: float = 0.0


def nearest(scene: Scene, p: Array) -> Array:
    return either(*(shape(p) for shape in scene.parts.values()))


def _enter(scene: Scene, o: Array, d: Array) -> tuple[Array, Array]:
    """Where each ray enters and leaves the bounding ball."""
    q = o - scene.ball[0]
    b, c = (q * d).sum(axis=0), (q * q).sum(axis=0) - scene.ball[1] ** 2
    root = np.sqrt(np.maximum(b * b - c, 0))
    return np.where(b * b > c, np.maximum(-b - root, 0), np.inf), -b + root


def march(scene: Scene, o: Array, d: Array, steps: int = 90) -> Array:
    """How far along each ray the first surface lies (inf: none)."""
    t, far = _enter(scene, o, d)
    out = np.full_like(t, np.inf)
    live = np.flatnonzero(t < far)
    for _ in range(steps):
        if not live.size:
            break
        gap = nearest(scene, o[:, live] + d[:, live] * t[live])
        hit = gap < 0.0012
        out[live[hit]] = t[live[hit]]
        t[live] += gap * 0.9
        live = live[~hit & (t[live] < far[live])]
    return out


def sunlight(scene: Scene, p: Array) -> Array:
    """1 in the sun, 0 in shadow, with a soft edge."""
    d = np.broadcast_to(scene.sun, p.shape)
    t, far = _enter(scene, p, d)
    lit = np.ones_like(far)
    live = np.flatnonzero(t < far)
    t[live] = np.maximum(t[live], 0.03)
    for _ in range(45):
        if not live.size:
            break
        gap = nearest(scene, p[:, live] + scene.sun * t[live])
        lit[live] = np.minimum(lit[live], np.clip(12 * gap / t[live], 0, 1))
        t[live] += np.maximum(gap, 0.02)
        live = live[(gap > 0.001) & (t[live] < far[live])]
    return lit


def _nooks(scene: Scene, p: Array, n: Array) -> Array:
    """Ambient occlusion: how open the sky is from each point."""
    shut = np.zeros(p.shape[1], dtype=np.float32)
    for k, reach in enumerate((0.06, 0.18, 0.4, 0.8)):
        shut += (reach - np.minimum(nearest(scene, p + n * reach), reach)) / reach * 0.55 / (k + 1)
    return np.asarray(np.clip(1 - shut * 0.8, 0.12, 1))


def _normals(scene: Scene, p: Array) -> Array:
    e = 0.003
    offsets = [vec(e, 0, 0), vec(0, e, 0), vec(0, 0, e)]
    return unit(np.array([nearest(scene, p + o) - nearest(scene, p - o) for o in offsets]))


def _lit(scene: Scene, p: Array, d: Array, n: Array, colour: Array, gloss: Array | float) -> Array:
    """The colour of a surface under the sun and the sky."""
    facing = np.maximum((n * scene.sun).sum(axis=0), 0) * sunlight(scene, p + n * 0.01)
    open_sky = _nooks(scene, p, n) * (0.65 + 0.35 * n[1])
    shade = vec(1.25, 1.15, 0.98) * facing * scene.light + vec(0.34, 0.42, 0.55) * open_sky
    shade = shade + vec(0.16, 0.14, 0.11) * np.clip(0.4 - n[1], 0, 1)
    halfway = np.maximum((n * unit(scene.sun - d)).sum(axis=0), 0)
    bounce = scene.sky(d - 2 * (d * n).sum(axis=0) * n)
    edge = 0.04 + 0.6 * (1 - np.clip(-(d * n).sum(axis=0), 0, 1)) ** 5
    shine = gloss * (1.4 * halfway**70 * (facing > 0) + edge * bounce * open_sky)
    return np.asarray(colour * shade + shine, dtype=np.float32)


def trace(scene: Scene, o: Array, d: Array, bounces: int = 1) -> Array:
    """The light seen along each ray."""
    o = np.broadcast_to(o, d.shape)
    out = scene.sky(d)
    t = march(scene, o, d)
    if scene.ground:
        floor = np.where(d[1] < -1e-4, -o[1] / np.minimum(d[1], -1e-4), np.inf)
        low = np.flatnonzero(floor < np.minimum(t, 400))
        p, v = o[:, low] + d[:, low] * floor[low], d[:, low]
        colour, n, mirror = scene.ground(p)
        seen = _lit(scene, p, v, n, colour, 0.0)
        if np.any(mirror) and bounces:
            r = v - 2 * (v * n).sum(axis=0) * n
            r[1] = np.abs(r[1])
            strength = mirror * (0.05 + 0.95 * (1 - np.clip(-(v * n).sum(axis=0), 0, 1)) ** 4)
            seen = mix(seen, trace(scene, p + vec(0, 0.01, 0), unit(r), 0), strength)
        fog = 1 - np.exp(-scene.haze * floor[low])
        out[:, low] = mix(seen, out[:, low], fog)
    hit = np.flatnonzero(np.isfinite(t) & ((t < floor) if scene.ground else True))
    p = o[:, hit] + d[:, hit] * t[hit]
    n = _normals(scene, p)
    owner = np.argmin([shape(p) for shape in scene.parts.values()], axis=0)
    for k, name in enumerate(scene.parts):
        mine = np.flatnonzero(owner == k)
        if mine.size:
            q, m = p[:, mine], n[:, mine]
            colour, gloss = scene.paint(name, q, m)
            out[:, hit[mine]] = _lit(scene, q, d[:, hit[mine]], m, colour, gloss)
    return out


def render(scene: Scene, supersample: int = 2) -> Image.Image:
    """Draw the scene, supersampled, then shrunk to SIZE."""
    w, h = SIZE[0] * supersample, SIZE[1] * supersample
    ahead = unit(scene.target - scene.eye)
    right = unit(np.cross(ahead[:, 0], [0, 1, 0]).reshape(3, 1).astype(np.float32))
    up = np.cross(right[:, 0], ahead[:, 0]).reshape(3, 1)
    rows = []
    for y0 in range(0, h, 120):  # in bands, to keep memory small
        v, u = np.mgrid[y0 : y0 + 120, 0:w].astype(np.float32).reshape(2, -1)
        d = unit(ahead * scene.zoom + right * ((u + 0.5 - w / 2) / h) + up * (0.5 - (v + 0.5) / h))
        rows.append(trace(scene, scene.eye, d.astype(np.float32)).reshape(3, 120, w))
    light = np.concatenate(rows, axis=1).transpose(1, 2, 0)
    return to_image(light).resize(SIZE, Image.Resampling.BOX)


def to_image(light: Array) -> Image.Image:
    """Tone-map linear light of shape (h, w, 3) and make an 8-bit picture of it."""
    light = np.clip(light, 0, None)
    mapped = light * (1 + light / 6.0) / (1 + light * 0.55)
    return Image.fromarray((np.clip(mapped, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8))
