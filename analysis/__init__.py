"""Computes: papers to embeddings to topics and detections to weekly tables to the content of a digest."""
