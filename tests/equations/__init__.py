"""The checks behind the book's labelled equations: one file a chapter, one function an equation."""

CHECKS = {}


def checks(label, *, by):
    """Register a function as the check of the equation ``label``; ``by`` says by what means."""

    def register(function):
        if label in CHECKS:
            raise ValueError(f"label {label!r} has a check already: {CHECKS[label].__name__}")
        function.label, function.by = label, by
        CHECKS[label] = function
        return function

    return register
