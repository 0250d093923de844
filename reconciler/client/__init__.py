"""OBSERVE: what the control plane has registered; and the writer that `apply` is given."""
