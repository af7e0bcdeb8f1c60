"""One file a kind: what opens files of each kind, reads their words, and renders their pages."""
