"""Memory that threads gave back."""

from __future__ import annotations

import platform
import re
import subprocess
import sys

import pytest

_THREADS = """
import ctypes, sys, threading
from edge_agent import heap
assert sys.argv[1] == "as it is" or heap.keep_little()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
met = threading.Barrier(8)
def work():
    met.wait()
    libc.malloc(1000)
    met.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
sys.stdout.flush()
libc.malloc_stats()  # to standard error
"""


def heaps(how: str) -> int:
    """How many heaps eight threads had at once."""
    done = subprocess.run([sys.executable, "-c", _THREADS, how], capture_output=True, text=True, check=True)
    return len(re.findall(r"^Arena \d+:", done.stderr, re.MULTILINE))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps memory otherwise")
def test_threads_share_two_heaps() -> None:
    assert heaps("as it is") > 2
    assert heaps("shared") == 2
