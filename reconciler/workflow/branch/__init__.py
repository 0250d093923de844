"""What a branch changes: compared with the commit that it left the others at, and with what that declared."""
