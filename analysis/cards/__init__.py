"""Evidence cards: where terms arrive, and how their papers compare with all."""
