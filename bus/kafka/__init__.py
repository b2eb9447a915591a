"""The log in Kafka, for several machines and for what one machine cannot hold.

A topic, partition, group or offset of the port is one of Kafka's. What differs from the
embedded log: a record that is published twice is there twice, a derived record carries
its source's bytes and has an offset of its own, and retention is the brokers' and waits
for no reader. docs/kafka.md is written for those who run it.
"""

from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.log import KafkaLog

__all__ = ["KafkaConnection", "KafkaLog", "KafkaTuning"]
