"""What the chapter says and no cell prints, computed."""
