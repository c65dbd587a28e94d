"""Evidence cards: where terms are more common, and how their papers compare with all."""
