"""Research: training data, training and evaluation of what ships. Not in the wheel; the product never imports it."""
