"""The Gradio page: components, texts, styles, sessions, and the server around it."""
