"""A draw that anybody can check: nobody, the operator included, chooses who comes first (docs/draw.md)."""
