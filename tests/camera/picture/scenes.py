"""Scenes drawn for the judges' tests: a room with edges, text-like detail, a little noise, and colours with greys."""

from __future__ import annotations

import cv2
import numpy as np

from camera.picture.picture import Area, Picture, Plane

WIDTH, HEIGHT = 640, 360


def scene(seed: int = 7) -> Plane:
    """An office as BGR, the same for the same seed; noise comes with `picture`."""
    chance = np.random.default_rng(seed)
    image = np.full((HEIGHT, WIDTH, 3), 150, dtype=np.uint8)
    for _ in range(140):
        x, y = int(chance.integers(0, WIDTH)), int(chance.integers(0, HEIGHT))
        wide, high = int(chance.integers(8, 90)), int(chance.integers(8, 60))
        grey = int(chance.integers(30, 220))
        tint = chance.integers(-25, 26, size=3)
        colour = [int(np.clip(grey + each, 0, 255)) for each in tint]
        cv2.rectangle(image, (x, y), (x + wide, y + high), colour, -1)
        cv2.line(image, (x, y), (x + high, y + wide), (grey, grey, grey), 1)
    for row in range(12, HEIGHT, 40):
        at = (int(chance.integers(0, WIDTH // 2)), row + int(chance.integers(-10, 11)))
        cv2.putText(image, "PHUONG HAI CHAU 1", at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1)
    return image


def picture(image: Plane, at: float = 0.0, noise: float = 2.0, masked: tuple[Area, ...] = (), seed: int = 0) -> Picture:
    """As a sensor would see it: each picture with noise of its own."""
    chance = np.random.default_rng([seed, int(at * 1000)])
    seen = np.clip(image.astype(np.float32) + chance.normal(0, noise, image.shape), 0, 255).astype(np.uint8)
    made = Picture.from_bgr(seen, at)
    return Picture(made.y, made.u, made.v, at, masked)


def film(image: Plane, seconds: float = 6.0, noise: float = 2.0, step: float = 0.5) -> list[Picture]:
    return [picture(image, number * step, noise) for number in range(int(seconds / step) + 1)]
