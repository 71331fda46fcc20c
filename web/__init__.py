"""The web: the JSON API and the pages, over the same engine."""
