"""Topic modelling: fit, assignment, identity, births, drift, labels, map."""
