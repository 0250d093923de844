"""Problems, and what stands in the way of a plan, in the formats that CI systems read."""
