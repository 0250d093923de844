"""What files were: which commit made each what it is, and every content that the branch once had."""
