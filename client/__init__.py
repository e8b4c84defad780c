"""The face of zkmargin: files, session, command line, chains, demo."""
