"""What our words mean: records, weeks, table schemas, errors; it does nothing."""
