"""What abstracts state of their own results: claims with a number, the finding, standards and failure modes."""
