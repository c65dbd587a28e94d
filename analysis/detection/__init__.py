"""Detection of techniques and themes in titles and abstracts."""
