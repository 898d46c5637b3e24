"""One file a family of public models: what its graphs take and give, and what has to be done around them."""
