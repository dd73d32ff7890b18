"""The web pages of links: routes, templates, style sheet and script."""
