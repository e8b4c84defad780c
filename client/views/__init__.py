"""What people see: tables of the terminal, pictures."""
