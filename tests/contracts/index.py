"""What every search index must do: apply it by a subclass that says how it is opened.

class TestMyIndex(IndexContract):
    @pytest.fixture
    def back_end(self) -> BackEnd:
        return BackEnd(writer=lambda: MyWriter(address), reader=lambda: MyIndex(address))
"""

from tests.contracts.index_counting import CountingContract
from tests.contracts.index_searching import SearchingContract
from tests.contracts.index_support import BackEnd
from tests.contracts.index_writing import WritingContract

__all__ = ["BackEnd", "IndexContract"]


class IndexContract(WritingContract, SearchingContract, CountingContract):
    """The suite."""
