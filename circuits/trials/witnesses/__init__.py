"""Dishonest witnesses: a second machine that fills and judges them, the lies told about one, what each row refuses."""
