"""Whose turn it is, who else is waited for, and what each of them may do now."""
