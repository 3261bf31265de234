"""How much a look at many runs may ask for one by one."""

import math
from dataclasses import dataclass


@dataclass
class Budget:
    """So many requests about a single thing are `left`; what goes without one waits for the next.

    Without a number there is no end to it: a look at one execution takes what it needs.
    """

    left: float = math.inf

    def take(self, requests: int = 1) -> bool:
        """Return whether there is enough left, and take it if so."""
        if requests > self.left:
            return False
        self.left -= requests
        return True
