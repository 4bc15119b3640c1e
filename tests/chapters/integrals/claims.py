"""What the chapter on integrals says and no cell prints, computed."""
