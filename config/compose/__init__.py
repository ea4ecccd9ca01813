"""The supported subset of the Compose Specification, as typed models and their reader."""
