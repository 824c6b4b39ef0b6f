"""The pure heart: values in, values out. No clock, no chance, no I/O, no settings."""

import sys
from types import ModuleType

# The evaluator of `expressions` imports a command line of its own, and that a whole terminal: a
# sixth of each start of ours.
sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
