"""Tone mapping: HDR frames (PQ, HLG) as 8-bit RGB.

Light by ITU-R BT.2100, luminance by Reinhard et al. (2002), equation 4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PQ, HLG = 16, 18
"""Transfer characteristics of HDR video (ITU-T H.273)."""
BT2020 = 9
"""Colour primaries of HDR video (ITU-T H.273)."""
_WHITE = 100.0
"""Nits of an SDR screen's white."""
_PEAK = 1_000.0
"""Nits that become white; HDR video is mastered for about as much."""
_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)
_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
"""BT.2020 to BT.709 primaries (ITU-R BT.2087), of linear light."""

_Light = npt.NDArray[np.float32]


def tone_map(
    rgb: npt.NDArray[np.uint16], transfer: int, *, wide: bool = True
) -> npt.NDArray[np.uint8]:
    """Map HDR pixels (height, width, 3) of full range to 8 bits.

    Args:
        transfer: `PQ` or `HLG`.
        wide: whether the primaries are those of BT.2020.
    """
    signal = rgb.astype(np.float32) / np.float32(65_535)
    light = (_pq_light(signal) if transfer == PQ else _hlg_light(signal)) / _WHITE
    luminance = (light @ _LUMA)[..., None]
    peak = _PEAK / _WHITE
    light *= (1 + luminance / peak**2) / (1 + luminance)
    if wide:
        light = light @ _TO_BT709.T
    encoded = np.clip(light, 0, 1) ** np.float32(1 / 2.2)
    eight_bits: npt.NDArray[np.uint8] = (encoded * 255).round().astype(np.uint8)
    return eight_bits


def _pq_light(signal: _Light) -> _Light:
    """Nits of a PQ signal (SMPTE ST 2084)."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    root = signal ** np.float32(1 / m2)
    linear = np.maximum(root - c1, 0) / (c2 - c3 * root)
    light: _Light = (10_000 * linear ** np.float32(1 / m1)).astype(np.float32)
    return light


def _hlg_light(signal: _Light) -> _Light:
    """Nits of an HLG signal on a display of 1,000 nits."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = (scene @ _LUMA)[..., None]
    light: _Light = (_PEAK * scene * luminance ** np.float32(0.2)).astype(np.float32)
    return light
