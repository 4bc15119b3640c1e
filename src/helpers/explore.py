"""The short name that notebooks use for ``helpers.show.explore``."""

from helpers.show.explore import explore, show, steps

__all__ = ["explore", "show", "steps"]
