"""A message as text, Markdown or HTML."""
