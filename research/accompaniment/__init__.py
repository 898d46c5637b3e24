"""Research on accompaniment: training and evaluation."""
