"""Groups read everything once, share it, and lose nothing."""

from __future__ import annotations

import time
from pathlib import Path

from bus.port import Log, TopicPartition
from model.topics import Topic
from tests.contracts.log_bench import (
    KEEP,
    PARTITIONS,
    LogBench,
    OpenLog,
    after,
    by_key,
    gather,
    numbered,
)
from tests.contracts.log_processes import PATIENCE, Crew, until


class GroupContract(LogBench):
    """Groups read everything once, share it, and lose nothing."""

    def test_a_new_group_starts_at_the_oldest_record(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "a", 5))
        assert [r.value for r in gather(log.consumer(group, [topic.name]), 5)] == [
            b"0", b"1", b"2", b"3", b"4",
        ]  # fmt: skip

    def test_every_group_gets_everything(self, log: Log, topic: Topic, group: str) -> None:
        log.publish(numbered(topic, "abc", 30))
        first = log.consumer(group, [topic.name])
        second = log.consumer(f"{group}-2", [topic.name])
        assert by_key(gather(first, 30)) == by_key(gather(second, 30))

    def test_a_poll_brings_no_more_than_asked_and_goes_on_where_it_was(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "a", 25))
        consumer = log.consumer(group, [topic.name])
        values: list[bytes] = []
        deadline = time.monotonic() + PATIENCE
        while len(values) < 25:
            assert time.monotonic() < deadline
            records = consumer.poll(10, 0.2)
            assert len(records) <= 10
            values += [record.value for record in records]
        assert values == [b"%d" % n for n in range(25)]

    def test_a_poll_of_nothing_returns_an_empty_list(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        assert log.consumer(group, [topic.name]).poll(10, 0.02) == []

    def test_several_topics_are_read_by_one_consumer(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        second = Topic(f"{topic.name}-second")
        log.create(second, partitions=1, retention=KEEP)
        log.publish([*numbered(topic, "ab", 10), *numbered(second, "ab", 10)])
        records = gather(log.consumer(group, [topic.name, second.name]), 20)
        assert {record.topic for record in records} == {topic.name, second.name}

    def test_no_partition_waits_for_a_busier_one(self, log: Log, topic: Topic, group: str) -> None:
        log.publish(numbered(topic, [f"k{n}" for n in range(40)], 2_000))
        consumer = log.consumer(group, [topic.name])
        gather(consumer, 1)  # joined, wherever that brought it
        consumer.rewind()
        seen: set[int] = set()
        for _ in range(PARTITIONS):
            seen |= {record.partition for record in consumer.poll(10, 5.0)}
        assert seen == set(range(PARTITIONS))

    def test_what_is_committed_does_not_come_again_and_the_rest_does(
        self, log: Log, other: Log, topic: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "a", 10))
        consumer = log.consumer(group, [topic.name])
        records = gather(consumer, 10)
        consumer.commit(after(records[:6]))
        consumer.close()
        again = gather(other.consumer(group, [topic.name]), 4)
        assert [record.value for record in again] == [b"6", b"7", b"8", b"9"]

    def test_rewind_goes_back_to_what_is_committed(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "a", 10))
        consumer = log.consumer(group, [topic.name])
        records = gather(consumer, 10)
        consumer.commit(after(records[:3]))
        consumer.rewind()
        assert [r.value for r in gather(consumer, 7)] == [b"%d" % n for n in range(3, 10)]

    def test_a_paused_consumer_hands_out_nothing_and_then_goes_on(
        self, log: Log, topic: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "a", 3))
        consumer = log.consumer(group, [topic.name])
        gather(consumer, 3)
        consumer.pause()
        log.publish(numbered(topic, "a", 4))
        assert consumer.poll(10, 0.05) == []
        consumer.resume()
        assert len(gather(consumer, 4)) == 4

    def test_members_share_the_partitions_and_each_record_goes_to_one(
        self, log: Log, other: Log, topic: Topic, group: str
    ) -> None:
        members = [log.consumer(group, [topic.name]), other.consumer(group, [topic.name])]
        owned: list[set[int]] = [set(), set()]

        def shared() -> bool:
            log.publish(numbered(topic, [f"k{n}" for n in range(20)], 40))
            for member, partitions in zip(members, owned, strict=True):
                records = member.poll(1_000, 0.1)
                member.commit(after(records))
                partitions.clear()
                partitions.update(record.partition for record in records)
            return all(len(partitions) == PARTITIONS // 2 for partitions in owned)

        until(shared, "an even share")
        assert owned[0] | owned[1] == set(range(PARTITIONS))

    def test_a_member_that_leaves_hands_over_at_what_it_committed(
        self, log: Log, other: Log, topic: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, [f"k{n}" for n in range(20)], 200))
        leaving = log.consumer(group, [topic.name])
        records = gather(leaving, 200)
        done, dropped = records[:120], records[120:]
        leaving.commit(after(done))
        staying = other.consumer(group, [topic.name])
        leaving.close()
        again = gather(staying, len(dropped))
        assert sorted(r.value for r in again) == sorted(r.value for r in dropped)

    def test_a_commit_for_a_partition_that_went_to_another_is_ignored(
        self, log: Log, other: Log, topic: Topic, group: str
    ) -> None:
        log.publish(numbered(topic, "abcdefgh", 80))
        first = log.consumer(group, [topic.name])
        records = gather(first, 80)
        first.commit(after(records))
        first.close()
        second = other.consumer(group, [topic.name])
        log.publish(numbered(topic, "abcdefgh", 80))
        second.commit(after(gather(second, 80)))
        before = other.positions(group, topic.name)
        first.commit({TopicPartition(topic.name, p): 1 for p in range(PARTITIONS)})
        assert other.positions(group, topic.name) == before

    def test_many_producers_and_consumers_lose_nothing_and_keep_the_order(
        self, open_log: OpenLog, log: Log, topic: Topic, group: str, tmp_path: Path
    ) -> None:
        with Crew(open_log, tmp_path) as crew:
            journals = [crew.consume(group, topic.name) for _ in range(2)]
            producers = [crew.produce(topic.name, f"p{n}", 600) for n in range(3)]
            for producer in producers:
                producer.join(PATIENCE)
            until(lambda: log.lag(group, topic.name) == 0, "an empty lag")
            crew.stop()
        expected = {(f"p{n}-{k % 10}", k) for n in range(3) for k in range(600)}
        seen = [journal.entries() for journal in journals]
        assert {*seen[0], *seen[1]} == expected
        for entries in seen:
            for key in {key for key, _ in entries}:
                # A handed over partition may repeat records, but only behind the first ones.
                order = list(dict.fromkeys(number for k, number in entries if k == key))
                assert order == sorted(order)

    def test_the_others_take_over_from_a_member_that_is_killed(
        self, open_log: OpenLog, log: Log, topic: Topic, group: str, tmp_path: Path
    ) -> None:
        with Crew(open_log, tmp_path) as crew:
            journals = [crew.consume(group, topic.name) for _ in range(2)]
            crew.produce(topic.name, "p", 3_000)
            for victim in range(3):
                crew.wait_for((victim + 1) * 400)
                crew.kill_oldest_consumer()
                journals.append(crew.consume(group, topic.name))
            until(lambda: sum(log.ends(topic.name).values()) == 3_000, "every record")
            until(lambda: log.lag(group, topic.name) == 0, "an empty lag")
            crew.stop()
        seen = {entry for journal in journals for entry in journal.entries()}
        assert seen == {(f"p-{k % 10}", k) for k in range(3_000)}
