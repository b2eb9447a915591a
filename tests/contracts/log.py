"""What every log must do: apply it by a subclass that says how the log is opened.

    class TestMyLog(LogContract):
        @pytest.fixture
        def open_log(self) -> OpenLog:
            return functools.partial(MyLog, address)

``open_log`` must survive pickling, since some tests open the log in other processes.
Topic and group names are fresh in each test, so that a lasting server can be used.
"""

from __future__ import annotations

from tests.contracts.log_bench import OpenLog
from tests.contracts.log_groups import GroupContract
from tests.contracts.log_records import RecordContract

__all__ = ["LogContract", "OpenLog"]


class LogContract(RecordContract, GroupContract):
    """The whole contract."""
