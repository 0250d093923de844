"""Problems of manifests, plans and applies in the formats that CI systems read."""
