"""What can go wrong with the embedded stack, said so that a person knows what to do next."""


class StackError(Exception):
    """A message of the form what, where, next."""
