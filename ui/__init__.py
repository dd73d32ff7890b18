"""The Gradio page: components, texts, styles, sessions, and the server around it."""

from ui.gradio_import import import_gradio

import_gradio()
