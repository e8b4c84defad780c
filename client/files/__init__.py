"""What people write: strict reading, models, portfolios, and the cells and tables they become."""
