"""Confined programs: they read no files but their own, and reach no network.

Office documents may name files of this machine that LibreOffice then shows, as RTF's
INCLUDEPICTURE does. This file is run as a script by the interpreter: it restricts itself by
Landlock (Linux 5.13 and later) and becomes the program. Elsewhere the program runs as it is.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Sequence

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the system calls, alike on all processors."""
_WRITE_FILE, _READ_FILE = 1 << 1, 1 << 2
_TCP = 1 << 0 | 1 << 1
_NETWORK_SINCE = 4
"""Version of Landlock that knows the network."""
_NO_NEW_PRIVILEGES = 38
SYSTEM = (
    "/usr /lib /lib32 /lib64 /bin /sbin /opt /etc /nix /snap /var/lib /var/cache /proc /sys".split()
)
"""Folders that a program reads."""


def confined(command: Sequence[str], folder: str) -> list[str]:
    """Command that runs another, which may read and write in one folder.

    Besides, it reads what is installed on the machine, and writes devices.
    """
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), folder, *command]


def _restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Restrict this process and those that it starts, where the system can."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    attributes = struct.pack("QQ", _WRITE_FILE | _READ_FILE, _TCP)
    size = len(attributes) if version >= _NETWORK_SINCE else len(attributes) // 2
    rules = libc.syscall(_CREATE, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        return
    for paths, access in ((readable, _READ_FILE), (writable, _READ_FILE | _WRITE_FILE)):
        for path in paths:
            with contextlib.suppress(OSError):  # a folder that is not there
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
                libc.syscall(_ADD, rules, 1, struct.pack("=Qi", access, place), 0)
                os.close(place)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.syscall(_RESTRICT, rules, 0)
    os.close(rules)


def main() -> None:
    """Confine this process to the folder that is given, and run the command after it."""
    folder, *command = sys.argv[1:]
    installed = os.path.dirname(os.path.dirname(os.path.realpath(command[0])))
    _restrict([*SYSTEM, installed], [folder, "/dev"])
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
