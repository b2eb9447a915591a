"""Speed and memory of the whole chain, measured on real processes.

Machines differ, and one machine differs from minute to minute. So every figure stands
beside a calibration: how long a fixed loop took in the same run.
"""
