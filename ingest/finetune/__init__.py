"""Train a CLIP model further on pairs of picture and caption. Knows no home and no index."""
