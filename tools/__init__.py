"""Helpers of `./run`. Standard library only: they run before there is an environment."""
