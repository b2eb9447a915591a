"""What a running process shows to those who watch: a page for Prometheus, traces, a log.

Nothing is counted here. The page is made of the reports that the stages make anyway
(``bus/metrics.py``) and of what the desk sees of the whole (``desk/health.py``).
"""
