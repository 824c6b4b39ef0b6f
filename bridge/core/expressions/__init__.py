"""CEL: parsed, checked against the events it meets, and evaluated under a cost limit."""
