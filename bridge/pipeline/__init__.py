"""The flow, in the order it happens: observe, decide, deliver. Each is gather → decide → apply."""
