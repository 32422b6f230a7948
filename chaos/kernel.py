"""What the kernel gives this run of its own: mounts that nobody else sees, and sockets in other namespaces."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
_CLONE_NEWNS, _CLONE_NEWNET = 0x0002_0000, 0x4000_0000
_MS_REC, _MS_PRIVATE = 0x4000, 0x4_0000
_OWN = "/proc/thread-self/ns/net"


def keep_mounts_to_ourselves() -> None:
    """Before any thread starts. Nobody's new namespace then holds on to a disk of ours, which would make a disk that
    was cut off live on; and all our mounts are gone with our last process, however it ends. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")


def enter(path: Path) -> None:
    """The calling thread is in that network namespace from now on. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    with path.open("rb") as opened:
        if libc.setns(opened.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {path}")


@contextmanager
def visiting(path: Path) -> Iterator[None]:
    """Sockets that are made within belong to that network namespace, for good. Raises OSError."""
    back = os.open(_OWN, os.O_RDONLY)
    try:
        enter(path)
        yield
    finally:
        libc = ctypes.CDLL(None, use_errno=True)
        failed = libc.setns(back, _CLONE_NEWNET)
        os.close(back)
        if failed:
            raise OSError(ctypes.get_errno(), "setns back")


def call_inside(path: Path, work: Callable[[], T]) -> T:
    """Run `work` in a thread of that network namespace; threads that it starts are there as well."""
    result: Future[T] = Future()

    def inside() -> None:
        try:
            enter(path)
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            result.set_exception(error)

    thread = Thread(target=inside, name=f"inside {path.name}")
    thread.start()
    thread.join()
    return result.result()


def listens(port: int) -> bool:
    """Whether something takes connections at 127.0.0.1:`port`, where the calling thread is."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
