"""Research on separation: training and evaluation."""
