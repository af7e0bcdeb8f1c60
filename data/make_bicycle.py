"""A sample picture drawn flat, not ray-marched: a red bicycle against a brick wall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from make_render import (
    Array,
    both,
    either,
    fbm,
    mix,
    noise,
    step,
    to_image,
    vec,
)
from PIL import Image, ImageDraw, ImageFilter

# --- the bicycle


def bricks(size: tuple[int, int]) -> Array:
    """A brick wall and a strip of pavement, as linear light of shape (h, w, 3)."""
    w, h = size
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    tall, wide = h / 17, w / 9.5
    row = np.floor(y / tall)
    shift = x / wide + (row % 2) * 0.5
    across, down = shift % 1, (y / tall) % 1
    wobble = (fbm(x / 9, y / 9, 3) - 0.5) * 0.05
    edge = either(either(across, 1 - across) * wide, either(down, 1 - down) * tall)
    brick = step(2.2, 4.6, edge * 640 / w * 1.6 + wobble * 30)
    tone = noise(np.floor(shift) * 7.7 + row * 3.1, row * 11.3 + 0.5)
    clay = mix(vec(0.2, 0.075, 0.045), vec(0.42, 0.19, 0.12), tone.ravel())
    rough = 0.65 + 0.7 * fbm(x / 5, y / 5, 4).ravel()
    light = mix(vec(0.36, 0.33, 0.29) * rough, clay * rough, brick.ravel())
    ground = step(h * 0.865, h * 0.87, y).ravel()
    slab = mix(vec(0.25, 0.24, 0.23), vec(0.42, 0.4, 0.37), fbm(x / 40, y / 14, 5).ravel())
    light = mix(light, slab * (0.8 + 0.3 * rough), ground)
    return light.reshape(3, h, w).transpose(1, 2, 0) * 1.15


def bicycle_wall() -> Image.Image:
    zoom = 3
    wall = bricks((640 * 2, 480 * 2))
    layer = Image.new("RGBA", (640 * zoom, 480 * zoom))
    pen = ImageDraw.Draw(layer)

    def tube(
        points: Sequence[tuple[float, float]], width: float, colour: tuple[int, int, int]
    ) -> None:
        """A rounded bar: dark strokes under lighter, thinner ones a little above."""
        for k in range(7):
            t, broad = k / 6, max(1, round(width * zoom * (1 - k / 8)))
            rgb = tuple(min(255, int(c * (0.45 + 0.75 * t) + 70 * max(0, t - 0.8))) for c in colour)
            line = [(x * zoom, y * zoom - width * zoom * 0.16 * t) for x, y in points]
            pen.line(line, fill=rgb, width=broad, joint="curve")
            for x, y in (line[0], line[-1]):
                pen.ellipse((x - broad / 2, y - broad / 2, x + broad / 2, y + broad / 2), fill=rgb)

    def hoop(x: float, y: float, r: float, width: float, colour: tuple[int, int, int]) -> None:
        round_ = [
            (x + r * float(np.cos(a)), y + r * float(np.sin(a)))
            for a in np.linspace(0, 6.2832, 120)
        ]
        tube(round_, width, colour)

    rear, front, crank = (183.0, 325.0), (462.0, 325.0), (298.0, 334.0)
    seat, head, fork_top = (262.0, 208.0), (415.0, 196.0), (423.0, 226.0)
    black, silver, red, brown = (34, 34, 36), (165, 168, 172), (196, 24, 26), (112, 66, 36)
    for x, y in (rear, front):
        for k in range(28):
            a, skew = 2 * np.pi * k / 28, 0.32 * (-1) ** k
            inner = (x + 7 * np.cos(a + skew * 4), y + 7 * np.sin(a + skew * 4))
            outer = (x + 84 * np.cos(a), y + 84 * np.sin(a))
            tube([inner, outer], 0.9, (150, 152, 156))
        hoop(x, y, 84, 4.2, silver)
        hoop(x, y, 91, 8.5, black)
        hoop(x, y, 4, 6, silver)
    tube([(rear[0], rear[1] - 11), (crank[0], crank[1] - 19)], 1.8, (60, 58, 56))
    tube([(rear[0], rear[1] + 11), (crank[0], crank[1] + 19)], 1.8, (60, 58, 56))
    tube([(crank[0] + 2, crank[1]), (crank[0] - 16, crank[1] - 36)], 5, (120, 122, 126))
    for tail, nose, wide in (
        (rear, crank, 6.0), (rear, (268.0, 224.0), 5.0), (crank, seat, 9.5),
        ((269.0, 229.0), (419.0, 213.0), 9.0), (crank, fork_top, 10.5),
    ):  # fmt: skip
        tube([tail, nose], wide, red)
    tube([fork_top, (437, 278), (446, 303), front], 6.5, red)
    tube([head, fork_top], 12, red)
    tube([seat, (256, 186)], 5.5, silver)
    tube([head, (411, 176), (424, 170)], 5.5, silver)
    bar = [(408, 170), (432, 166), (448, 172), (452, 188), (440, 203), (424, 206)]
    tube(bar, 6, (40, 36, 34))
    tube([(446, 172), (449, 192), (442, 206)], 3, silver)
    saddle = [(222, 176), (232, 172), (256, 176), (286, 179), (292, 183), (284, 187), (252, 190)]
    pen.polygon(
        [(x * zoom, y * zoom) for x, y in [*saddle, (232, 194), (224, 188)]], fill=(74, 42, 24)
    )
    tube([(226, 178), (240, 176), (262, 179), (288, 182)], 6, brown)
    hoop(*crank, 20, 4, (120, 122, 126))
    hoop(*crank, 5, 7, silver)
    tube([crank, (crank[0] + 18, crank[1] + 38)], 5, silver)
    for x, y in ((316.0, 373.0), (282.0, 297.0)):
        tube([(x - 12, y), (x + 12, y)], 6, black)
    return on_wall(wall, layer)


def on_wall(wall: Array, layer: Image.Image) -> Image.Image:
    """Lay a drawing on a wall, with the shadow it casts down and to the right."""
    size = (wall.shape[1], wall.shape[0])
    mask = layer.getchannel("A").resize(size, Image.Resampling.LANCZOS)
    shadow = np.zeros(wall.shape[:2], dtype=np.float32)
    for shift, blur, weight in ((14, 5, 0.5), (30, 10, 0.25)):
        cast = Image.new("L", size)
        cast.paste(mask, (shift, shift // 2))
        soft = np.asarray(cast.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float32) / 255
        shadow = both(shadow, soft * weight * 1.4)
    foot = Image.new("L", size)
    ImageDraw.Draw(foot).ellipse((190, 815, 1140, 855), fill=150)
    under = np.asarray(foot.filter(ImageFilter.GaussianBlur(12)), dtype=np.float32) / 255
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    sun = 1.12 - 0.4 * np.hypot(x / size[0] - 0.4, y / size[1] - 0.35)
    light = wall * ((1 - both(shadow, under * 0.8)) * sun)[..., None]
    picture = to_image(light).convert("RGBA")
    picture.alpha_composite(layer.resize(size, Image.Resampling.LANCZOS))
    return picture.convert("RGB").resize((640, 480), Image.Resampling.BOX)
