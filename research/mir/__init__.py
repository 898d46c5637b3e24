"""Research on mir: training and evaluation."""
