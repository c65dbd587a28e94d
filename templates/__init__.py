"""Renders pages, mails, feeds and charts: Jinja2 templates, and the functions that fill them."""

from templates.digest_json import digest_json
from templates.digest_pages import digest_files, render_html, render_list_page, render_text
from templates.links import DIGEST_FILE_LINKS, LIST_FILE_LINKS, FileLinks, Links

__all__ = [
    "DIGEST_FILE_LINKS",
    "LIST_FILE_LINKS",
    "FileLinks",
    "Links",
    "digest_files",
    "digest_json",
    "render_html",
    "render_list_page",
    "render_text",
]
