"""The reference kernel: the twin on py_ecc that judges the native one."""
