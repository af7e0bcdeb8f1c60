"""How well a home finds what labelled questions ask for: sets, metrics, intervals, comparisons."""
