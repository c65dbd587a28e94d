"""Fits what ships (the technique and theme detector) and writes its model card. Nothing that ships imports it."""
