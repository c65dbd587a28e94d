"""Renders pages, mails, feeds and charts: Jinja2 templates, and the functions that fill them."""
