"""Tests of what an operator does at the machine."""
