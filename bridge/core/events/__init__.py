"""Events: their catalogue, their shape, their ids and headlines."""
