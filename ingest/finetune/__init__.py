"""Fine-tuning of CLIP models on image-caption pairs."""
