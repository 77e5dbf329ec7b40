"""From a model to something one can send: batch prediction, its evaluation and its report.

Import the rooms inside the functions that need them: they pull in numpy.
"""
