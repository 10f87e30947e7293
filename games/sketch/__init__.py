"""Sketch: one draws a word, the others guess it in the chat."""

from .game import Sketch

__all__ = ["Sketch"]
