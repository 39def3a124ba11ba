"""Networks of one shape trained together: which can be, and how, giving the numbers that each gives alone."""
