"""Tests of what builds, checks and starts the project."""
