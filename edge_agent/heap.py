"""What the C library keeps of memory that was given back."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8  # <malloc.h>
_ARENAS = 2


def keep_little() -> bool:
    """Have all threads share two heaps. False where the C library has no such setting (it is glibc's).

    glibc gives threads heaps of their own, up to eight for each core, and gives little of them back: of an agent with
    cameras that was 20 MB on two cores, and a Raspberry Pi has four. They are there so that threads need not wait for
    one another; ours wait for cameras. To be called before threads are started."""
    try:
        libc = ctypes.CDLL(None)
        return bool(libc.mallopt(_M_ARENA_MAX, _ARENAS))
    except (OSError, AttributeError, TypeError):  # no libc of that kind; Windows knows no CDLL(None)
        return False
