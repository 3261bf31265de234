"""How dates and times are written in each language: as the console's scripts write them, too."""
