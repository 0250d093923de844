"""The contract with the control plane: fields, bodies, answers and routes of both flavours.

The client reads and writes it, the embedded registry serves it, and neither knows the other.
"""
