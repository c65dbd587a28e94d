"""Topics: fitting and assignment, identity over refits, new topics, drift, labels, areas and map."""
