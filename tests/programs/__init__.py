"""Programs written for pyzmq run on Antiphon."""
