"""What the chapter on automatic differentiation says and no cell prints, computed."""
