"""Names of benchmarks, datasets, models, methods and tools in titles and abstracts."""
