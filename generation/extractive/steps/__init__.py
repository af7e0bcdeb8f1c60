"""Questions in two steps: the thing that is described, then what is asked of it."""
