"""The disk: atomic writes, and errors of a full one."""
