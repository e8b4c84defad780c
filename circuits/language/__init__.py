"""The words margin rules are written in: expressions with units and intervals, their structure, slopes, curvature."""
