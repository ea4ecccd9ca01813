"""What the user says: typed, frozen models of the files, and the loader that reads them.

Pure apart from reading the files it is given: no clock, no environment, no network.
"""
