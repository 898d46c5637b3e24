"""Controls, actions and readings, and the Bus that sets, triggers and publishes them."""
