"""What is proven: margin rules, the compiler that turns each into two circuits, and their statements."""
