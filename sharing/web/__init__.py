"""The pages of links: routes, templates, style, a few lines of script."""
