"""Trivia night: questions on a shared screen, phones as controllers."""

from .game import Trivia

__all__ = ["Trivia"]
