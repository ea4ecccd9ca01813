"""The stack graph: what the files mean, as plain typed data. Pure and deterministic."""
