"""What is asked of a rule before it holds money: accounts that hurt, lies to its circuits, and who judges."""
