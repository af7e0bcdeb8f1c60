"""Reranking: the best pages read together with the question by a cross-encoder."""
