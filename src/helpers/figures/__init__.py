"""The drawings, one file a chapter; each ``draw_*`` returns its figures and one reading."""
