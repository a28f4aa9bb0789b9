"""pandas comes along with tools of tests only: a broker from `make run` has it not, so those under test have it not."""

raise ImportError("pandas is not there")
